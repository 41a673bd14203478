"""Accounts with repos, made the way the accounts package makes them, without any directory."""

from collections.abc import Callable

import pytest

from accounts.models import Account
from hosting.models import Host
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests.factories import open_account


@pytest.fixture
def new_account(ash: Host) -> Callable[[], Account]:
    return lambda: open_account(ash)


@pytest.fixture
def account(ash: Host) -> Account:
    return open_account(ash)


@pytest.fixture
def repo(account: Account) -> RepoRow:
    return repos.find_repo(account.host, account.did)
