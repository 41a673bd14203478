"""What the directory says of a DID, or said when it last answered with something to be believed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.identity.did_log import directory
from accounts.identity.did_log.directory import Problem
from accounts.identity.plc import client
from accounts.models import Account, SeenPlcLog
from accounts.signup import sign_up
from protocol.did import plc as operations
from tests.factories import wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, wanted())


def seen_long_ago(account: Account) -> None:
    directory.look(account)
    SeenPlcLog.objects.update(seen_at=timezone.now() - timedelta(hours=5))


def test_the_log_is_told_and_kept(account):
    seen = directory.look(account)
    assert [entry.operation for entry in seen.entries] == [client.newest(account.did)]
    assert seen.problem is None
    assert len(SeenPlcLog.objects.get(account=account).entries) == 1


@pytest.mark.parametrize("knob", ["down", "delay_s"])
def test_of_a_silent_directory_the_last_word_is_shown(account, plc, knob, monkeypatch):
    monkeypatch.setattr(directory, "TIMEOUT_S", 0.3)
    seen_long_ago(account)
    setattr(plc, knob, 1)
    seen = directory.look(account)
    assert seen.problem is Problem.SILENT
    assert len(seen.entries) == 1
    assert seen.seen_at < timezone.now() - timedelta(hours=4)


def test_a_silent_directory_that_never_spoke_leaves_nothing_to_show(account, plc):
    plc.down = True
    seen = directory.look(account)
    assert (seen.entries, seen.seen_at, seen.newest) == ((), None, None)


@pytest.mark.parametrize("answer", ["forged", "shortened", "nonsense"])
def test_a_directory_that_is_wrong_is_not_believed(account, monkeypatch, answer):
    seen_long_ago(account)
    entries = client.audit_log(account.did)
    forged = {**entries[0]["operation"], "alsoKnownAs": ["at://thief.test"]}
    answers = {
        "forged": [{**entries[0], "operation": forged, "cid": operations.cid_of(forged)}],
        "shortened": [],
        "nonsense": ["x"],
    }
    monkeypatch.setattr(client, "audit_log", lambda *_: answers[answer])
    seen = directory.look(account)
    assert seen.problem is Problem.UNSOUND
    assert seen.newest.operation["alsoKnownAs"] == ["at://alice.test"]
    assert SeenPlcLog.objects.get().entries == entries


def test_a_page_that_is_loaded_over_and_over_asks_once(account, plc):
    directory.look(account)
    plc.down = True
    assert directory.look(account).problem is None


def test_what_is_kept_of_a_long_log_is_its_end(account, monkeypatch):
    monkeypatch.setattr(directory, "KEPT_MAX_BYTES", 1)
    directory.look(account)
    assert SeenPlcLog.objects.get().entries == []


def test_a_directory_that_was_silent_is_asked_again_after_a_while(account, plc, monkeypatch):
    plc.down = True
    assert directory.look(account).problem is Problem.SILENT
    plc.down = False
    asked = []
    answer = client.audit_log
    monkeypatch.setattr(client, "audit_log", lambda *a: asked.append(a) or answer(*a))
    assert (directory.look(account).problem, asked) == (Problem.SILENT, [])
    directory.PROBLEMS.forget(account.did)
    assert directory.look(account).problem is None
