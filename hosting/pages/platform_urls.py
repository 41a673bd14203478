"""Routes that belong to no tenant: they answer whatever name they are asked under.

A reverse proxy asks for certificates under an address of its own (`http://127.0.0.1:2583/tls-check`).
"""

from django.urls import path
from django.utils.module_loading import import_string

from hosting.pages import landing

urlpatterns = [
    path(
        "tls-check",
        landing.tls_check,
        {"is_taken": import_string("accounts.identity.handles.allocation.is_taken")},
    ),
]
