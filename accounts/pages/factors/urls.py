"""The routes of the pages of second factors."""

from django.urls import path

from accounts.pages.centre.urls import of_accounts
from accounts.pages.factors import changes, overview

_AT = "security/second-factors"

urlpatterns = of_accounts(
    [
        path(_AT, overview.overview, name="second_factors"),
        path(f"{_AT}/app", changes.app, name="add_app"),
        path(f"{_AT}/app/remove", changes.remove_app, name="remove_app"),
        path(f"{_AT}/passkeys/add", changes.add_passkey, name="add_passkey"),
        path(f"{_AT}/passkeys/<int:passkey_id>", changes.passkey, name="passkey"),
        path(f"{_AT}/recovery-codes", changes.recovery_codes, name="recovery_codes"),
        path(f"{_AT}/mail", changes.mailed_codes, name="mailed_second_factor"),
        path(f"{_AT}/browsers", overview.trust_none, name="trust_no_browser"),
    ]
)
