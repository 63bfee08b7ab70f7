"""Addresses of accepting, one's own acceptances, receipts, evidence packs, the reader's comparison and the audit."""

from django.urls import path

from assent import audit_views, pack_views, views

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
    path("audit/<uuid:uid>/", audit_views.record, name="record"),
]
