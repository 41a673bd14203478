"""The routes of the account pages, on a host's own name."""

from django.urls import path

from accounts.pages import brand, profile, views

app_name = "accounts"

urlpatterns = [
    path(".well-known/atproto-did", profile.atproto_did),
    path("account/", views.home, name="home"),
    path("account/sign-up", views.sign_up, name="sign_up"),
    path("account/sign-in", views.sign_in, name="sign_in"),
    path("account/sign-out", views.sign_out, name="sign_out"),
    path("account/handle-available", views.handle_available, name="handle_available"),
    path("account/brand.css", brand.stylesheet, name="brand"),
]
