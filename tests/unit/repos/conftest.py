"""Accounts with repos, made the way the accounts package makes them, without any directory."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import transaction

from accounts.models import Account
from accounts.signals import account_opened
from hosting.models import Host
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests.unit.accounts.people import account_row

_numbers = itertools.count(1)


def open_account(host: Host) -> Account:
    with transaction.atomic():
        account = account_row(host, f"repo{next(_numbers)}", password="!")
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
    return repos.find_repo(account.host, account.did)


@pytest.fixture
def folder(settings, tmp_path: Path) -> Path:
    """Where this test's blobs lie."""
    backend = {**settings.STORAGES["blobs"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    assert storages["blobs"].location == str(tmp_path)
    return tmp_path
