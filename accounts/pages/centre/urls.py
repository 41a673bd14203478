"""The routes of the account centre."""

from collections.abc import Sequence

from django.urls import URLPattern, URLResolver, include, path

from accounts.pages.centre import fresh_proof, home, undo


def of_accounts(routes: Sequence[URLPattern]) -> list[URLResolver]:
    """Routes of pages of an account, below `/account/` and below `/account/u/<name>/`."""
    inside = list(routes)
    return [path("account/u/<str:who>/", include(inside)), path("account/", include(inside))]


urlpatterns: list[URLPattern | URLResolver] = [
    path("account/undo/<str:token>", undo.undo, name="undo"),
    *of_accounts(
        [
            path("", home.home, name="home"),
            path("prove", fresh_proof.prove, name="prove"),
        ]
    ),
]
