"""The routes of the account pages, on a host's own name."""

from django.urls import include, path

from accounts.pages.captcha import gate
from accounts.pages.centre.urls import of_accounts
from accounts.pages.closing import ending
from accounts.pages.closing import urls as closing_urls
from accounts.pages.entry import password_reset, sign_in, sign_up
from accounts.pages.footer import guide, language
from accounts.pages.handles import profile
from accounts.pages.identity import urls as identity_urls
from accounts.pages.oauth import apps
from hosting.pages import brand

app_name = "accounts"

urlpatterns = [
    path(".well-known/atproto-did", profile.atproto_did),
    path("account/sign-up", sign_up.sign_up, name="sign_up"),
    path("account/sign-in", sign_in.sign_in, name="sign_in"),
    path("account/sign-in/code", sign_in.sign_in_code, name="sign_in_code"),
    path("account/sign-in/passkey", sign_in.sign_in_passkey, name="sign_in_passkey"),
    path("account/passkey-options", sign_in.passkey_options, name="passkey_options"),
    path("account/handle-available", sign_up.handle_available, name="handle_available"),
    path("account/reset-password", password_reset.ask, name="reset_password"),
    path("account/reset-password/code", password_reset.enter, name="reset_password_code"),
    path("account/reset-password/done", password_reset.done, name="reset_password_done"),
    path(".well-known/change-password", password_reset.change_password),
    path("", include("accounts.pages.centre.urls")),
    path("", include("accounts.pages.factors.urls")),
    path("", include("accounts.pages.people.urls")),
    *of_accounts(
        [
            *identity_urls.urlpatterns,
            *closing_urls.urlpatterns,
            path("apps", apps.apps, name="apps"),
            path("sign-out", sign_in.sign_out, name="sign_out"),
        ]
    ),
    path("account/deleted", ending.deleted, name="deleted"),
    path("", include("accounts.pages.oauth.urls")),
    path("", include("accounts.pages.openid.urls")),
    path("gate/signup", gate.gate, name="gate"),
    path("account/help", guide.guide, name="guide"),
    path("account/language", language.choose, name="language"),
    path("account/brand.css", brand.stylesheet, name="brand"),
]
