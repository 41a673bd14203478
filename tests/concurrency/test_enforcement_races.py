"""Staff who act at the same moment: one of them does it, and nothing is done by halves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from accounts import status
from accounts.lifecycle import deletion
from accounts.models import Account
from hosting.mail.models import OutgoingMail
from moderation.enforcement import actions, appeals, suspensions
from moderation.enforcement.actions import ActionInput
from moderation.enforcement.legal import evidence_exports, holds
from moderation.models import AuditEntry, Decision, LegalHold
from protocol.errors import XrpcError
from repos.models import Record, Repo
from repos.reads import repos
from tests.factories import open_account, staff_member
from tests.unit.repos.blobs.uploads import put

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_worker(settings, monkeypatch):
    settings.VALKEY_URL = ""
    monkeypatch.setattr(evidence_exports.queue, "wake", lambda _: None)


def at_once(*verbs) -> list[object]:
    """Each in a thread of its own, all begun together; what they gave, or why not."""
    start = Barrier(len(verbs))

    def run(verb):
        start.wait()
        try:
            return verb()
        except XrpcError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return [each.result() for each in [pool.submit(run, verb) for verb in verbs]]


def refusals(results) -> int:
    return sum(isinstance(each, XrpcError) for each in results)


def test_two_who_decide_an_appeal_decide_it_once(ash):
    account, first = open_account(ash), staff_member(ash, "moderator")
    decision = actions.perform("take_down", first, account, ActionInput("spam", is_told=True))
    appeals.appeal(account, decision, "It was not me.")
    others = [staff_member(ash, role) for role in ("owner",)] * 2
    results = at_once(
        lambda: appeals.decide(others[0], decision, Decision.Outcome.REVERSED, "a mix-up"),
        lambda: appeals.decide(others[1], decision, Decision.Outcome.UPHELD, "it was"),
    )
    assert refusals(results) == 1
    assert OutgoingMail.objects.filter(kind="appeal_decided").count() == 1
    is_back = Account.objects.get(pk=account.pk).status == "active"
    assert is_back is (Decision.objects.get().outcome == "reversed")


def test_two_holds_on_one_account_are_one(ash):
    account, staff = open_account(ash), staff_member(ash, "moderator")
    results = at_once(*[lambda: holds.place(staff, account, "court order")] * 3)
    assert refusals(results) == 2
    assert LegalHold.objects.count() == 1


@pytest.mark.parametrize("_turn", range(4))
def test_a_hold_and_a_deletion_at_once_leave_all_or_nothing(ash, _turn):
    account, staff = open_account(ash), staff_member(ash, "moderator")
    put(repos.find_repo(ash, account.did), "k")
    at_once(lambda: holds.place(staff, account, "court order"), lambda: deletion.delete(account))
    assert not Repo.objects.filter(pk=account.pk).exists()
    assert Record.objects.exists() is LegalHold.objects.exists()


@pytest.mark.parametrize("_turn", range(4))
def test_a_suspension_that_is_extended_as_it_ends_goes_on(ash, _turn):
    account, staff = open_account(ash), staff_member(ash, "moderator")
    soon = timezone.now() + timedelta(hours=1)
    status.suspend(account, timezone.now())
    at_once(suspensions.lift_due, lambda: suspensions.suspend(staff, account, "more", soon))

    suspensions.lift_due()
    now = Account.objects.get(pk=account.pk)
    assert (now.status, now.suspended_until) == ("suspended", soon)
    assert AuditEntry.objects.filter(action="account.suspend").count() == 1
