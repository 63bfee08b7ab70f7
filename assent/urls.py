"""Addresses of accepting, one's own acceptances, receipts, packs, the reader's comparison, the audit, holds and erasure."""

from django.urls import path

from assent import audit_views, erasure_views, hold_views, pack_views, views

app_name = "assent"
urlpatterns = [
    path("accept/", views.accept_page, name="accept"),
    path("accept/decline/", views.decline_page, name="decline"),
    path("me/", views.me, name="me"),
    path("receipts/<uuid:uid>/", views.receipt, name="receipt"),
    path("agreements/<slug:slug>/compare/", views.since_accepted, name="since"),
    path("packs/", pack_views.packs, name="packs"),
    path("packs/<uuid:uid>/", pack_views.pack, name="pack"),
    path("packs/<uuid:uid>/download", pack_views.pack_file, name="pack_file"),
    path("audit/", audit_views.audit, name="audit"),
    path("audit/export.csv", audit_views.export, name="export"),
    path("audit/holds/", hold_views.holds, name="holds"),
    path("audit/holds/<int:pk>/lift/", hold_views.lift, name="lift_hold"),
    path("audit/<uuid:uid>/", audit_views.record, name="record"),
    path("people/erase/", erasure_views.find, name="find_person"),
    path("people/<int:pk>/erase/", erasure_views.erase, name="erase"),
]
