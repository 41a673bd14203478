"""Routes that belong to no tenant: they answer whatever name they are asked under.

A reverse proxy asks for certificates under an address of its own (`http://127.0.0.1:2583/tls-check`),
and so may the operator's program that reads metrics.
"""

from django.urls import path
from django.utils.module_loading import import_string

urlpatterns = [
    path("tls-check", import_string("accounts.identity.handles.certificates.check")),
    path("metrics", import_string("relay.hosts.metrics.answer")),
]
