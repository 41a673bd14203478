"""Cookies that are no session keys."""

import pytest
from django.test import Client

from hosting.console.sessions import SessionStore
from hosting.models import Host
from hosting.tenancy import routing


@pytest.mark.parametrize("key", ["\0aaaaaaaaaaaa", "a" * 7, "é" * 12, "a b c d e f g h"])
def test_what_cannot_be_a_key_is_none(key: str) -> None:
    assert SessionStore(key).session_key is None


def test_a_key_of_ours_is_one() -> None:
    assert SessionStore("had91ymnre0oi13mpkvhrfikh8gitqjh").session_key


def test_a_cookie_with_nul_is_nobodys(ash: Host) -> None:
    routing.forget()
    client = Client(headers={"host": "localhost", "cookie": r'grove-staff="\000aaaaaaaaaaaa"'})
    assert client.get("/console/").status_code == 302
