"""The routes of an account's identity, below `/account/`."""

from django.urls import path

from accounts.pages.identity import confirmation, document, moving_out, overview, recovery_key

urlpatterns = [
    path("identity", overview.did, name="did"),
    path("identity/document", document.identity, name="identity"),
    path("identity/recovery-key", recovery_key.add, name="recovery_key"),
    path("identity/recovery-key/test", recovery_key.test, name="test_key"),
    path("identity/keys/remove", recovery_key.remove, name="remove_key"),
    path("identity/confirm", confirmation.confirm, name="confirm_identity"),
    path("move-out", moving_out.move_out, name="move_out"),
    path("move-out/code", moving_out.send_code, name="move_out_code"),
]
