"""The routes of the relay's host name (relay.site)."""

from django.urls import path

from relay import site
from relay.hosts import metrics
from relay.methods import dispatch

urlpatterns = [
    path("", site.landing),
    path("metrics", metrics.answer),
    path("xrpc/_health", site.health),
    path("xrpc/<str:nsid>", dispatch.answer),
]
