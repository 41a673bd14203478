"""The status of accounts, records and blobs, read and set."""

import pytest
from django.utils import timezone

from accounts.lifecycle import activation
from accounts.models import Account
from accounts.status import AccountNotFound
from hosting.models import Host, HostQuerySet
from moderation.audit import ADMIN
from moderation.enforcement import subject_status
from moderation.enforcement.subject_status import Contradiction, Mark, SubjectNotFound
from moderation.models import AuditEntry
from protocol import cid
from protocol.errors import InvalidRequest
from repos.models import Record

ON, OFF = Mark(is_applied=True, ref="case-7"), Mark(is_applied=False)
SPEECH = "com.example.grove.thing/k"


def only(host: Host) -> HostQuerySet:
    return Host.objects.filter(pk=host.pk)


def status(account) -> tuple[bool, bool]:
    fresh = Account.objects.get(pk=account.pk)
    takedown, deactivated = subject_status.of_account(fresh)
    return takedown.is_applied, deactivated.is_applied


def set_account(account, takedown=None, deactivated=None) -> None:
    fresh = Account.objects.select_related("host").get(pk=account.pk)
    subject_status.set_account(ADMIN, fresh, takedown, deactivated, "a reason")


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """Waking asks the directory; here it always agrees."""

    def activate(account):
        Account.objects.filter(pk=account.pk).update(deactivated_at=None)

    monkeypatch.setattr(activation, "activate", activate)


def test_an_account_is_found_by_did_and_handle(account):
    for name in (account.did, account.handle):
        assert subject_status.find_account(only(account.host), name) == account


def test_one_of_another_host_or_that_never_opened_is_not(account, birch):
    with pytest.raises(SubjectNotFound):
        subject_status.find_account(only(birch), account.did)
    Account.objects.filter(pk=account.pk).update(opened_at=None)
    with pytest.raises(SubjectNotFound):
        subject_status.find_account(only(account.host), account.did)


@pytest.mark.parametrize(
    ("takedown", "deactivated", "after"),
    [
        (None, None, (False, False)),
        (ON, None, (True, False)),
        (OFF, None, (False, False)),
        (None, ON, (False, True)),
        (None, OFF, (False, False)),
        (ON, ON, (True, True)),
        (OFF, ON, (False, True)),
        (OFF, OFF, (False, False)),
    ],
)
def test_what_is_set_is_so_and_the_rest_stays(account, takedown, deactivated, after):
    set_account(account, takedown, deactivated)
    assert status(account) == after


def test_down_and_awake_contradict_each_other(account):
    with pytest.raises(Contradiction):
        set_account(account, ON, OFF)
    assert status(account) == (False, False)


def test_who_is_down_is_not_woken_unless_restored_at_once(account):
    set_account(account, ON, ON)
    with pytest.raises(AccountNotFound):
        set_account(account, None, OFF)
    set_account(account, OFF, OFF)
    assert status(account) == (False, False)


def test_a_takedown_bears_its_mark_and_a_newer_one_a_newer(account):
    set_account(account, ON)
    set_account(account, Mark(is_applied=True, ref="case-8"))
    takedown, _ = subject_status.of_account(Account.objects.get(pk=account.pk))
    assert takedown == Mark(is_applied=True, ref="case-8")


def test_without_a_mark_the_entry_is_the_mark(account):
    set_account(account, Mark(is_applied=True))
    takedown, _ = subject_status.of_account(Account.objects.get(pk=account.pk))
    assert takedown.ref == str(AuditEntry.objects.get().pk)


def test_every_change_is_written_down(account):
    set_account(account, ON, ON)
    set_account(account, OFF, OFF)
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == [
        "account.take_down", "account.deactivate", "account.restore",
        "account.activate", "account.activate",  # begun, then done
    ]  # fmt: skip


@pytest.fixture
def record(account) -> bytes:
    link = cid.of_dag_cbor(b"\xa0")
    collection, _, rkey = SPEECH.partition("/")
    Record.objects.create(
        repo_id=account.pk, collection=collection, rkey=rkey, cid=link, rev="3k", data=b"\xa0"
    )
    return link


def test_a_record_is_hidden_and_shown(account, record):
    subject_status.set_record(ADMIN, account, SPEECH, ON, "a reason")
    assert subject_status.of_record(account, SPEECH) == (cid.to_text(record), ON)
    subject_status.set_record(ADMIN, account, SPEECH, OFF, "a reason")
    assert subject_status.of_record(account, SPEECH)[1] == OFF
    assert AuditEntry.objects.filter(subject_record=SPEECH).count() == 2


def test_a_record_that_is_not_here_has_no_status(account):
    with pytest.raises(SubjectNotFound):
        subject_status.of_record(account, SPEECH)


def test_a_blob_that_is_not_here_has_no_status(account):
    with pytest.raises(SubjectNotFound):
        subject_status.of_blob(account, cid.of_raw(b"nothing"))


@pytest.mark.parametrize("uri", ["at://did:plc:a", "at://did:plc:a/com.example.thing"])
def test_a_uri_must_name_a_record(uri):
    with pytest.raises(SubjectNotFound):
        subject_status.record_path(uri)


def test_a_suspension_is_no_takedown(account):
    Account.objects.filter(pk=account.pk).update(suspended_at=timezone.now())
    assert status(account) == (False, False)


@pytest.mark.parametrize("uri", ["at://did:web:a.test/a b/c", "at://did:web:a.test/a.b.c/..", "x"])
def test_what_no_uri_can_name_is_refused_with_the_way_there(uri):
    with pytest.raises(InvalidRequest, match="at the console"):
        subject_status.record_path(uri)
