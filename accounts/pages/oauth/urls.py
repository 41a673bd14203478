"""The routes of the pages of a sign-in with OAuth; those for apps are accounts.oauth.endpoints'."""

from django.urls import path

from accounts.pages.oauth import authorize, consent, password_reset, sign_in, sign_up

_AT = "oauth/authorize"

urlpatterns = [
    path(_AT, authorize.authorize, name="oauth_authorize"),
    path(f"{_AT}/sign-in", sign_in.sign_in, name="oauth_sign_in"),
    path(f"{_AT}/sign-in/code", sign_in.sign_in_code, name="oauth_sign_in_code"),
    path(f"{_AT}/sign-in/passkey", sign_in.sign_in_passkey, name="oauth_sign_in_passkey"),
    path(f"{_AT}/sign-up", sign_up.sign_up, name="oauth_sign_up"),
    path(f"{_AT}/reset-password", password_reset.ask, name="oauth_reset_password"),
    path(f"{_AT}/reset-password/code", password_reset.enter, name="oauth_reset_password_code"),
    path(f"{_AT}/reset-password/done", password_reset.done, name="oauth_reset_password_done"),
    path(f"{_AT}/account", sign_in.choose_account, name="oauth_account"),
    path(f"{_AT}/activate", consent.activate, name="oauth_activate"),
    path(f"{_AT}/consent", consent.decide, name="oauth_consent"),
    path(f"{_AT}/refuse", authorize.refuse, name="oauth_refuse"),
]
