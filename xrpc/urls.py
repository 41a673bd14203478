"""The routes of XRPC; hosting.urls includes them at the root."""

from django.urls import path

from xrpc import well_known
from xrpc.dispatch import XrpcView

urlpatterns = [
    path("xrpc/_health", well_known.health),
    path("xrpc/<path:nsid>", XrpcView.as_view()),
    path("xrpc/", XrpcView.as_view(), {"nsid": ""}),
    path(".well-known/did.json", well_known.did_document),
]
