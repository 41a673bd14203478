"""Moves between two hosts of one platform: what is not copied whole is not published."""

from types import SimpleNamespace

import pytest

from accounts.identity.plc import control_check, updates
from repos.account_transfer.moves import copying, own_hosts
from repos.models import Repo
from tests.factories import account_row, open_account


@pytest.fixture
def copied(monkeypatch):
    """Accounts that have their records copied again; the directory says what it said before."""
    known = SimpleNamespace(services={})
    monkeypatch.setattr(updates, "newest", lambda _account: (None, known))
    monkeypatch.setattr(control_check, "check_lives_here", lambda _account, _data: None)
    again: list[int] = []
    monkeypatch.setattr(copying, "go_on", again.append)
    return again


def test_a_move_whose_new_repo_is_missing_is_not_published(ash, birch, copied):
    source, account = open_account(birch), account_row(ash, "bob")
    assert Repo.objects.filter(pk__in=[source.pk, account.pk]).count() == 1
    assert own_hosts.publish(source, account) is False
    assert copied == [account.pk]
