"""Taking a record down on the console: the at-URI's record, with a reason."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from moderation.models import AuditEntry
from protocol import cid
from repos.lifecycle.record_takedowns import state
from repos.models import Record
from repos.reads.repos import find_repo

pytestmark = pytest.mark.django_db
PATH = "com.example.grove.thing/k"


@pytest.fixture
def record(account) -> None:
    collection, _, rkey = PATH.partition("/")
    Record.objects.create(
        repo_id=account.pk, collection=collection, rkey=rkey,
        cid=cid.of_dag_cbor(b"\xa0"), rev="3k", data=b"\xa0",
    )  # fmt: skip


@pytest.fixture(params=["com.example.grove.thing/a b/c#d", "com.example.grove/..", "nothing/x"])
def unnameable(account, request) -> str:
    """The path of a record that an import of before let in: no AT-URI names it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE record DROP CONSTRAINT record_path")
    collection, _, rkey = request.param.partition("/")
    Record.objects.create(
        repo_id=account.pk, collection=collection, rkey=rkey,
        cid=cid.of_dag_cbor(b"\xa0"), rev="3k", data=b"\xa0",
    )  # fmt: skip
    return request.param


def act(user, account, deed, path=PATH, reason="spam"):
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    url = f"/console/accounts/{account.did}/record/{deed}/?{urlencode({'record': path})}"
    return client.post(url, {"reason": reason}, follow=True)


def is_down(account, path=PATH) -> bool:
    repo = find_repo(account.host, account.did)
    return state(repo, *path.split("/", 1)).ref is not None


def test_a_record_goes_and_comes_back(account, record, moderator):
    page = act(moderator, account, "take-down").content.decode()
    assert "Restore this record" in page
    assert is_down(account)
    page = act(moderator, account, "restore").content.decode()
    assert "Take this record down" in page
    assert not is_down(account)
    assert AuditEntry.objects.filter(subject_record=PATH).count() == 2


def test_an_auditor_may_look(account, record, ash, staff_of):
    assert act(staff_of(ash, "auditor"), account, "take-down").status_code == 403
    assert not is_down(account)


def test_a_reason_is_needed(account, record, moderator):
    assert act(moderator, account, "take-down", reason="").status_code == 400
    assert not is_down(account)


def test_a_record_that_is_not_there_is_a_404(account, moderator):
    assert act(moderator, account, "take-down").status_code == 404


def test_a_record_that_no_uri_can_name_is_looked_up_and_taken_down(account, unnameable, moderator):
    client = Client(headers={"host": "localhost"})
    client.force_login(moderator)
    found = client.get("/console/look-up/", {"q": f"at://{account.did}/{unnameable}"}, follow=True)
    assert "Take this record down" in found.content.decode()
    page = act(moderator, account, "take-down", unnameable).content.decode()
    assert "Restore this record" in page
    assert is_down(account, unnameable)
    act(moderator, account, "restore", unnameable)
    assert not is_down(account, unnameable)
