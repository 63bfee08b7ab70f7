"""Addresses of accepting, own acceptances, receipts and their check, packs, the log's page, comparison, audit, holds, erasure."""

from django.urls import path

from assent import audit_views, erasure_views, hold_views, log_views, pack_views, receipt_views, verify_views, views

app_name = "assent"
urlpatterns = [
    path("accept/", views.accept_page, name="accept"),
    path("accept/decline/", views.decline_page, name="decline"),
    path("me/", views.me, name="me"),
    path("receipts/<uuid:uid>/", receipt_views.page, name="receipt"),
    path("receipts/<uuid:uid>.json", receipt_views.as_json, name="receipt_json"),
    path("receipts/<uuid:uid>.pdf", receipt_views.as_pdf, name="receipt_pdf"),
    path("verify/", verify_views.verify, name="verify"),
    path("verify/verify.py", verify_views.script, name="verify_script"),
    path("log/", log_views.log, name="log"),
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
