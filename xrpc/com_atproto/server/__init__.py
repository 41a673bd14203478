"""com.atproto.server.*, one module a topic; importing it declares the methods."""

from xrpc.com_atproto.server import (
    activation,
    app_passwords,
    deletion,
    emails,
    invites,
    passwords,
    service_auth,
    sessions,
    signing_keys,
)

__all__ = [
    "activation",
    "app_passwords",
    "deletion",
    "emails",
    "invites",
    "passwords",
    "service_auth",
    "sessions",
    "signing_keys",
]
