"""The routes of the account centre."""

from collections.abc import Sequence

from django.urls import URLPattern, URLResolver, include, path

from accounts.pages.centre import (
    address,
    app_passwords,
    devices,
    fresh_proof,
    handle,
    home,
    mail_links,
    mailed_codes,
    security,
)


def of_accounts(routes: Sequence[URLPattern]) -> list[URLResolver]:
    """Routes of pages of an account, below `/account/` and below `/account/u/<name>/`."""
    inside = list(routes)
    return [path("account/u/<str:who>/", include(inside)), path("account/", include(inside))]


urlpatterns: list[URLPattern | URLResolver] = [
    path("account/undo/<str:token>", mail_links.undo, name="undo"),
    path("account/confirm-address/<str:code>", mail_links.confirm, name="confirm_by_link"),
    *of_accounts(
        [
            path("", home.home, name="home"),
            path("prove", fresh_proof.prove, name="prove"),
            path("handle", handle.handle, name="handle"),
            path("handle/change", handle.change, name="change_handle"),
            path("handle/domain", handle.own_domain, name="own_domain"),
            path("handle/address", address.address, name="address"),
            path("confirm-email", mailed_codes.confirm, name="confirm_email"),
            path("confirm-email/send", mailed_codes.send_confirmation, name="send_confirmation"),
            path("codes", mailed_codes.codes, name="codes"),
            path("security", security.security, name="security"),
            path("security/password", security.password, name="password"),
            path("security/oauth-only", security.oauth_only, name="oauth_only"),
            path("security/devices", devices.devices, name="devices"),
            path("security/history", devices.history, name="history"),
            path("apps/passwords", app_passwords.listed, name="app_passwords"),
            path("apps/passwords/new", app_passwords.new, name="new_app_password"),
        ]
    ),
]
