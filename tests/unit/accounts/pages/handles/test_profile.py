"""What a handle's own name serves."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import account_row

NAMED = Client(headers={"host": "alice.test"})


def test_the_well_known_document_is_the_did(alice):
    response = NAMED.get("/.well-known/atproto-did")
    assert response.content.decode() == alice.did
    assert response["Content-Type"].startswith("text/plain")


def test_a_name_that_nobody_has_is_not_found(ash):
    response = NAMED.get("/.well-known/atproto-did")
    assert (response.status_code, response.content) == (404, b"User not found")


def test_the_hosts_own_name_is_nobodys_handle(ash):
    response = Client(headers={"host": ash.hostname}).get("/.well-known/atproto-did")
    assert (response.status_code, response.content) == (404, b"User not found")


@pytest.mark.parametrize("moment", ["deactivated_at", "taken_down_at"])
def test_inactive_accounts_have_no_name(ash, moment):
    account_row(ash, **{moment: timezone.now()})
    assert NAMED.get("/.well-known/atproto-did").status_code == 404
    assert NAMED.get("/").status_code == 404


def test_the_profile_shows_who_and_where(ash, alice):
    page = NAMED.get("/").content.decode()
    assert "@alice.test" in page
    assert alice.did in page
    assert ash.origin in page


def test_the_profile_shows_no_address(alice):
    assert alice.email not in NAMED.get("/").content.decode()


def test_nobodys_profile_is_a_page_too(ash):
    response = NAMED.get("/")
    assert response.status_code == 404
    assert "There is no account with the handle alice.test." in response.content.decode()


def test_the_profiles_stylesheet_is_served_under_the_name(alice):
    assert NAMED.get("/account/brand.css").status_code == 200


def test_account_pages_are_not_served_under_a_name(alice):
    assert NAMED.get("/account/").status_code == 404
    assert NAMED.get("/account/sign-in").status_code == 404
