"""Every address of the portal: which app answers what."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from portal import views

# Django's own handler asks for the form's token again, which a body that cannot be read refuses again.
handler400 = "portal.views.bad_request"

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("", include("accounts.urls")),
    path("", include("evidence.urls")),
    path("", include("assent.urls")),
    path("", include("agreements.urls")),
    path("desk/", include("desk.urls")),
    path("admin/", admin.site.urls),
]
