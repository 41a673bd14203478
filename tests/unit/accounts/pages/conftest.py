"""A browser without scripts, at ash or at birch."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.signup import await_directory, sign_up
from hosting.tenancy import routing
from tests.factories import account_row
from tests.unit.accounts.pages.sign_up_form import FORM


@pytest.fixture(autouse=True)
def _no_memory():
    """Each test's hosts are new; the three seconds that names are remembered are too long."""
    routing.forget()
    yield
    routing.forget()


@pytest.fixture
def browser(ash):
    return Client(headers={"host": "localhost"})


@pytest.fixture
def at_birch(birch):
    return Client(headers={"host": "birch.localhost"})


@pytest.fixture
def opens_at_once(monkeypatch):
    """Signing up without a directory: the account is open as soon as its row is there."""

    def opened(operation):
        account = sign_up.Account.objects.get(plc_operations=operation)
        account.opened_at = timezone.now()
        account.save()
        return sign_up.Account.objects.select_related("host").get(pk=account.pk)

    monkeypatch.setattr(sign_up.submit, "attempt_first", lambda _: None)
    monkeypatch.setattr(await_directory, "await_account", opened)


@pytest.fixture
def signed_in(browser, ash):
    """A browser in which alice is signed in."""
    account_row(ash)
    browser.post("/account/sign-in", {"identifier": "alice", "password": FORM["password"]})
    return browser
