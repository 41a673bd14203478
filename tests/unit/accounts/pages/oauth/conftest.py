"""Requests of an app at ash, as /oauth/par leaves them, and a browser that opens them."""

import pytest

from accounts.authentication import credentials
from tests.factories import account_row
from tests.unit.accounts.pages.oauth.pages import query_of


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)


@pytest.fixture
def asked(ash):
    """A new request's query; the arguments are its parameters."""
    return lambda **parameters: query_of(ash, **parameters)


@pytest.fixture
def alice(ash):
    return account_row(ash)
