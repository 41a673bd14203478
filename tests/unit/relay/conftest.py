"""A repo of ours, for what the relay takes of our own hosts."""

import pytest

from hosting.models import Host
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests import factories


@pytest.fixture
def repo(ash: Host) -> RepoRow:
    account = factories.open_account(ash)
    return repos.find_repo(account.host, account.did)
