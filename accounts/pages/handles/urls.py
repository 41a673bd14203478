"""The routes of a name under a handle domain: the identity's documents and nothing else."""

from django.urls import include, path

from accounts.pages.handles import profile
from hosting.pages import brand

_shared = ([path("account/brand.css", brand.stylesheet, name="brand")], "accounts")

urlpatterns = [
    path(".well-known/atproto-did", profile.atproto_did),
    path(".well-known/did.json", profile.did_document),
    path("", profile.profile),
    path("", include(_shared)),
]
