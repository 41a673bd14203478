"""Actions of a case: what is offered to whom, and that all of one is done or nothing."""

import pytest

from accounts.models import Account
from moderation.desk import cases
from moderation.desk.actions import taking
from moderation.desk.actions.table import Given, UnknownAction
from moderation.desk.moves import CaseMoved
from moderation.desk.subjects.facts import facts
from moderation.desk.subjects.subject import Subject
from moderation.enforcement import appeals, policies
from moderation.models import AuditEntry, Case, Decision
from moderation.permissions import NotAllowed, ReasonNeeded
from repos.reads import repos
from tests.unit.repos.blobs.uploads import THING, put, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
WHY = Given("spam")


@pytest.fixture
def case(ash, account) -> Case:
    return cases.open_or_join(ash, Subject(account.did), "spam")


@pytest.fixture
def about_record(ash, account) -> Case:
    repo = repos.find_repo(ash, account.did)
    put(repo, "a", upload(repo, b"picture", "image/png"))
    return cases.open_or_join(ash, Subject(account.did, f"at://{account.did}/{THING}/a"), "spam")


def names(staff, case: Case) -> set[str]:
    return {each.name for each in taking.offered(staff, facts(case))}


def test_what_is_offered_follows_the_subject_and_the_role(ash, case, about_record, moderator,
                                                          staff_of):  # fmt: skip
    sorting = {"dismiss", "duplicate", "escalate", "warn"}
    measures = {"suspend", "strike", "block_uploads", "force_password_reset", "remove_handle"}
    acting = sorting | measures | {"take_down"}
    assert names(moderator, case) == acting
    assert names(moderator, about_record) == acting | {"take_down_record"}
    assert names(staff_of(ash, "triage"), case) == sorting
    assert names(staff_of(ash, "auditor"), case) == set()


def test_a_subject_that_lives_elsewhere_is_not_taken_down_here(ash, moderator):
    case = cases.open_or_join(ash, Subject("did:web:elsewhere.example"), "spam")
    assert "take_down" not in names(moderator, case)
    with pytest.raises(UnknownAction):
        taking.act(moderator, case, "take_down", WHY)


def test_a_takedown_closes_the_case_on_the_record(account, case, moderator):
    closed = taking.act(moderator, case, "take_down", WHY)
    assert (closed.state, closed.resolution) == ("closed", "actioned")
    assert Account.objects.get(pk=account.pk).status == "takendown"
    logged = set(AuditEntry.objects.values_list("action", flat=True))
    assert logged == {"account.take_down", "case.close"}
    assert list(case.events.values_list("kind", flat=True)) == ["opened", "action", "closed"]


def test_a_record_is_taken_down_and_restored_from_its_case(ash, about_record, moderator):
    taking.act(moderator, about_record, "take_down_record", WHY)
    again = cases.open_or_join(ash, Subject(about_record.subject_did, about_record.subject), "spam")
    assert "restore_record" in names(moderator, again)
    taking.act(moderator, again, "restore_record", WHY)
    assert not facts(again).is_record_down


def test_what_was_closed_meanwhile_is_left_alone(account, case, moderator):
    taking.act(moderator, case, "dismiss", WHY)
    with pytest.raises(CaseMoved):
        taking.act(moderator, case, "take_down", WHY)
    assert Account.objects.get(pk=account.pk).status == "active"


def test_an_action_needs_a_role_and_a_reason(ash, case, moderator, staff_of):
    with pytest.raises(NotAllowed):
        taking.act(staff_of(ash, "triage"), case, "take_down", WHY)
    with pytest.raises(ReasonNeeded):
        taking.act(moderator, case, "take_down", Given(" "))
    with pytest.raises(UnknownAction):
        taking.act(moderator, case, "burn", WHY)


def test_keys_are_not_given_twice_where_both_are_offered(case, about_record, moderator):
    for each in (case, about_record):
        keys = [a.key for a in taking.offered(moderator, facts(each)) if a.key]
        assert len(keys) == len(set(keys))


def test_a_suspension_ends_by_its_days_and_can_be_lifted(ash, account, case, moderator):
    taking.act(moderator, case, "suspend", Given("spam", days=3))
    assert Account.objects.get(pk=account.pk).status == "suspended"
    again = cases.open_or_join(ash, Subject(account.did), "spam")
    taking.act(moderator, again, "lift_suspension", WHY)
    assert Account.objects.get(pk=account.pk).status == "active"


def test_a_case_may_stay_open_after_an_action(account, case, moderator):
    taking.act(moderator, case, "take_down", Given("spam", keeps_open=True))
    assert not Case.objects.get().is_closed


def test_a_policy_of_another_tenant_is_no_policy(birch, case, moderator, staff_of):
    rule = policies.Rule("No spam", "No spam.", "low", "take_down")
    theirs = policies.add(staff_of(birch, "owner"), birch, rule)
    with pytest.raises(UnknownAction):
        taking.act(moderator, case, "take_down", Given("spam", policy=theirs.pk))


def test_who_is_told_gets_a_notice(account, case, moderator):
    taking.act(moderator, case, "take_down", Given("spam", is_told=True))
    decision = Decision.objects.get(did=account.did)
    assert decision.told_at is not None


@pytest.mark.parametrize(("action", "status"), [("grant_appeal", "active"),
                                                ("uphold", "takendown")])  # fmt: skip
def test_an_appeal_is_decided_by_somebody_else(ash, account, case, moderator, staff_of, action,
                                               status):  # fmt: skip
    owner = staff_of(ash, "owner")
    taking.act(moderator, case, "take_down", Given("spam", is_told=True))
    account.refresh_from_db()
    appeals.appeal(account, Decision.objects.get(), "no spam at all")
    appeal = Case.objects.get(kind="appeal")
    assert appeal.barred == moderator
    with pytest.raises(NotAllowed):
        taking.act(moderator, appeal, action, Given("I was right"))
    assert taking.act(owner, appeal, action, Given("looked again")).is_closed
    assert Account.objects.get(pk=account.pk).status == status
