"""A planned deletion: reminded of, called off by a return; and the deadline of a copy."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.identity import published_dids
from accounts.identity.plc import did_refresh
from accounts.identity.published_dids import Published
from accounts.lifecycle import activation, deletion, planned_deletion
from accounts.models import Account, AccountMigration, DeletionReminder
from hosting.mail.models import OutgoingMail
from protocol.did import did_document
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, PlcData, Service
from tests.concurrency.test_writers import in_threads
from tests.factories import account_row

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def later(days: float):
    return timezone.now() + timedelta(days=days)


def reminders(account: Account) -> list[int]:
    """In how many days from now the account's owner is reminded."""
    due = DeletionReminder.objects.filter(account=account).order_by("due_at")
    return [round((each.due_at - timezone.now()) / DAY) for each in due]


def mailed(kind: str = "deletion_reminder") -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=kind))


def remind_now(account: Account) -> None:
    """The account is deleted in a week, and its owner was not reminded yet."""
    at = later(6.9)
    Account.objects.filter(pk=account.pk).update(delete_after=at, deactivated_at=timezone.now())
    DeletionReminder.objects.filter(account=account).delete()
    DeletionReminder.objects.create(account=account, due_at=at - 7 * DAY)


def seen_at(account: Account, origin: str) -> None:
    """Somebody sees that the DID names a host."""
    service = Service(PDS_SERVICE_TYPE, origin)
    data = PlcData((), {}, (), {PDS_SERVICE: service})
    document = DidDocument(did_document.render(account.did, data))
    published_dids.note(Published(document), seen_at=timezone.now())
    account.refresh_from_db()


@pytest.mark.parametrize(("days", "expected"), [(30, [23, 29]), (7.2, [6]), (3, [2]), (1, [])])
def test_the_owner_is_reminded_a_week_and_a_day_before(alice, announced, days, expected):
    activation.deactivate(alice, later(days))
    assert reminders(alice) == expected


def test_another_date_has_other_reminders_and_none_has_none(alice, announced):
    activation.deactivate(alice, later(30))
    activation.deactivate(alice, later(60))
    assert reminders(alice) == [53, 59]
    activation.deactivate(alice)
    assert reminders(alice) == []


def test_a_reminder_is_mailed_once(alice):
    remind_now(alice)
    in_threads(2, lambda _: planned_deletion.remind_due())
    planned_deletion.remind_due()
    assert [mail.recipient for mail in mailed()] == [alice.email]
    assert not DeletionReminder.objects.exists()


def test_a_reminder_of_another_date_is_not_mailed(alice, announced):
    activation.deactivate(alice, later(30))
    DeletionReminder.objects.filter(due_at__lt=later(25)).update(due_at=timezone.now())
    planned_deletion.remind_due()
    assert mailed() == []


def test_a_return_calls_the_deletion_off_and_the_account_rests_still(alice, announced):
    activation.deactivate(alice, later(30))
    alice.refresh_from_db()
    assert planned_deletion.call_off(alice)
    alice.refresh_from_db()
    assert (alice.status, alice.delete_after) == ("deactivated", None)
    assert reminders(alice) == []
    assert not planned_deletion.call_off(alice)


def test_two_devices_call_off_once(alice, announced):
    activation.deactivate(alice, later(30))
    alice.refresh_from_db()
    done = []
    in_threads(2, lambda _: done.append(planned_deletion.call_off(Account.objects.get())))
    assert sorted(done) == [False, True]


def test_the_deadline_of_who_moves_in_stays(alice, announced):
    AccountMigration.objects.create(account=alice, created_at=timezone.now())
    Account.objects.update(delete_after=later(3), deactivated_at=timezone.now())
    alice.refresh_from_db()
    assert not planned_deletion.call_off(alice)
    assert Account.objects.get().delete_after is not None


class TestCopies:
    """Of accounts that moved away."""

    @pytest.fixture(autouse=True)
    def _kept_for_ninety_days(self, alice, announced):
        alice.host.tenant.moved_copy_kept_days = 90
        alice.host.tenant.save()

    def test_a_copy_is_kept_as_long_as_its_tenant_says(self, alice):
        seen_at(alice, "https://elsewhere.example")
        assert alice.delete_after - alice.moved_away_at == 90 * DAY
        assert reminders(alice) == [83, 89]

    def test_without_such_a_rule_it_is_kept(self, alice):
        type(alice.host.tenant).objects.update(moved_copy_kept_days=None)
        seen_at(alice, "https://elsewhere.example")
        assert alice.delete_after is None

    def test_neither_another_look_nor_the_last_step_of_a_move_changes_the_date(self, alice):
        seen_at(alice, "https://elsewhere.example")
        before = alice.delete_after
        seen_at(alice, "https://elsewhere.example")
        activation.deactivate(alice)
        assert not planned_deletion.call_off(alice)
        alice.refresh_from_db()
        assert alice.delete_after == before

    def test_who_comes_back_is_not_deleted(self, alice):
        seen_at(alice, "https://elsewhere.example")
        seen_at(alice, alice.host.origin)
        assert (alice.delete_after, reminders(alice)) == (None, [])

    @pytest.mark.parametrize("is_answered", [True, False])
    def test_nobody_deletes_a_copy_without_a_look(self, alice, monkeypatch, is_answered):
        seen_at(alice, "https://elsewhere.example")
        Account.objects.update(delete_after=timezone.now() - DAY)

        def refresh(_did: str) -> bool:  # the DID is back, if anybody says so
            if is_answered:
                seen_at(alice, alice.host.origin)
            return is_answered

        monkeypatch.setattr(did_refresh, "refresh", refresh)
        deletion.delete_due()
        delete_after = Account.objects.get().delete_after
        assert delete_after is None if is_answered else delete_after > timezone.now()

    def test_a_copy_whose_time_is_over_goes(self, alice, monkeypatch):
        seen_at(alice, "https://elsewhere.example")
        Account.objects.update(delete_after=timezone.now() - DAY)
        monkeypatch.setattr(did_refresh, "refresh", lambda _: True)
        deletion.delete_due()
        assert not Account.objects.exists()

    def test_the_reminder_says_that_it_is_a_copy(self, alice):
        seen_at(alice, "https://elsewhere.example")
        remind_now(alice)
        planned_deletion.remind_due()
        assert "has moved to another host" in mailed()[0].text


def test_another_tenants_account_is_not_reminded_of(alice, birch, announced):
    other = account_row(birch, did=alice.did)
    activation.deactivate(alice, later(30))
    assert reminders(other) == []

    def test_back_here_the_copys_date_goes_and_one_that_the_owner_then_chooses_stays(self, alice):
        seen_at(alice, "https://elsewhere.example")
        seen_at(alice, alice.host.origin)
        assert alice.delete_after is None
        chosen = later(30)
        activation.deactivate(alice, chosen)
        seen_at(alice, alice.host.origin)
        assert alice.delete_after == chosen
