"""Accounts with repos, made the way the accounts room makes them, without any directory."""

import itertools
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import keys
from accounts.models import Account
from accounts.signals import account_opened
from hosting.models import Host
from repos import reads
from repos.reads import RepoRow

_numbers = itertools.count(1)
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def new_did() -> str:
    number, letters = next(_numbers), ""
    for _ in range(24):
        number, digit = divmod(number, 32)
        letters = BASE32[digit] + letters
    return f"did:plc:{letters}"


def open_account(host: Host) -> Account:
    with transaction.atomic():
        did = new_did()
        name = did[-6:]
        account = Account.objects.create(
            host=host,
            did=did,
            handle=f"{name}.test",
            email=f"{name}@example.com",
            password="!",
            signing_did_key=keys.new_signing_key().did_key,
            opened_at=timezone.now(),
        )
        account.refresh_from_db()
        account_opened.send(sender=Account, account=account)
    return account


@pytest.fixture
def new_account(ash: Host) -> Callable[[], Account]:
    return lambda: open_account(ash)


@pytest.fixture
def account(ash: Host) -> Account:
    return open_account(ash)


@pytest.fixture
def repo(account: Account) -> RepoRow:
    return reads.find_repo(account.host, account.did)
