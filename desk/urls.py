"""Addresses of the publisher's desk."""

from django.urls import path

from desk import comparison_views, views

app_name = "desk"
urlpatterns = [
    path("", views.index, name="index"),
    path("compare/", comparison_views.compare_page, name="compare"),
    path("new/", views.new_agreement, name="new"),
    path("agreements/<slug:slug>/", views.agreement_page, name="agreement"),
    path("agreements/<slug:slug>/drafts/", views.new_draft, name="new_draft"),
    path("drafts/<int:pk>/", views.edit_draft, name="draft"),
    path("drafts/<int:pk>/publish/", views.publish_page, name="publish"),
    path("versions/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
]
