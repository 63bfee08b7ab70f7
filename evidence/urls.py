"""Addresses of the log for tools."""

from django.urls import path

from evidence import views

app_name = "evidence"
urlpatterns = [
    path("log/checkpoint", views.checkpoint, name="checkpoint"),
    path("log/tile/<path:path>", views.tile, name="tile"),
    path("log/keys", views.keys, name="keys"),
    path("log/cosignatures", views.cosignatures, name="cosignatures"),
]
