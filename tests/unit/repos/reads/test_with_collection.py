"""Repos with a collection: of one's own hosts, in pages that look at so many repos."""

from typing import Any

import pytest

from hosting.models import Host
from protocol.errors import InvalidRequest
from repos.models import Record, Repo
from repos.reads import with_collection
from tests.factories import open_account

pytestmark = pytest.mark.django_db
POST = "app.bsky.feed.post"


def wrote(host: Host) -> str:
    account = open_account(host)
    told: dict[str, Any] = {"cid": b"", "rev": "3kabcdefgh22a", "data": b""}
    Record.objects.create(repo_id=account.pk, collection=POST, rkey="3k2a", **told)
    return account.did


def test_only_active_repos_of_these_hosts_that_have_it(ash: Host, birch: Host) -> None:
    here, gone, _ = wrote(ash), wrote(ash), wrote(birch)
    open_account(ash)
    Repo.objects.filter(did=gone).update(status="takendown")
    assert with_collection.list_dids([ash.pk], POST, 10, 0) == ([here], None)


def test_a_page_ends_at_its_limit_or_when_it_looked_at_enough(ash: Host, monkeypatch) -> None:
    dids = [wrote(ash) for _ in range(3)]
    first, place = with_collection.list_dids([ash.pk], POST, 2, 0)
    assert (first, place) == (dids[:2], Repo.objects.get(did=dids[1]).pk)
    assert with_collection.list_dids([ash.pk], POST, 2, place or 0) == (dids[2:], None)
    monkeypatch.setattr(with_collection, "LOOKED_AT", 1)
    assert with_collection.list_dids([ash.pk], "com.example.none", 2, 0)[1] is not None


@pytest.mark.parametrize("cursor", ["", "-1", "x", "9" * 19])
def test_a_cursor_is_a_place(cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        with_collection.place(cursor)
