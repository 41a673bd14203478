"""The routes of the relay's host name (relay.site)."""

from django.urls import path

from relay import site
from relay.methods import dispatch

urlpatterns = [
    path("", site.landing),
    path("xrpc/_health", site.health),
    path("xrpc/<str:nsid>", dispatch.answer),
]
