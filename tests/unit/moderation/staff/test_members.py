"""Roles are changed and taken on the record; the last owner stays, whoever is quicker."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from hosting.models import Member, StaffSession, StaffUser
from moderation.desk import cases, moves
from moderation.desk.subjects.subject import Subject
from moderation.models import AuditEntry, Case
from moderation.permissions import NotAllowed, ReasonNeeded
from moderation.staff import members, staff_invites

pytestmark = pytest.mark.django_db


def member_of(staff) -> Member:
    return Member.objects.get(user=staff)


def test_another_role_holds_at_once_and_is_in_the_log(ash, staff_of, moderator):
    members.change_role(staff_of(ash, "owner"), ash, member_of(moderator), "triage", "new here")
    assert moderator.roles_at(ash.tenant_id) == {"triage"}
    entry = AuditEntry.objects.get(action="staff.change_role")
    assert entry.reason == "moderator-ash: moderator -> triage: new here"


def test_who_is_removed_is_out_at_their_next_click(ash, staff_of, moderator):
    browser = Client(headers={"host": "localhost"})
    browser.force_login(moderator)
    assert browser.get("/console/").status_code == 200
    members.remove(staff_of(ash, "owner"), ash, member_of(moderator), "left")
    assert browser.get("/console/").status_code == 302
    assert AuditEntry.objects.get(action="staff.remove").reason == "moderator-ash (moderator): left"


@pytest.mark.parametrize("verb", ["removed", "made an auditor"])
def test_the_cases_of_who_does_not_work_on_them_any_more_are_for_the_next(
    ash, staff_of, moderator, verb
):
    taken, waiting = (cases.open_or_join(ash, Subject(f"did:plc:{n:024}"), "spam") for n in (1, 2))
    moves.take(moderator, taken)
    moves.wait(moderator, moves.take(moderator, waiting), timezone.now() + timedelta(days=1))
    if verb == "removed":
        members.remove(staff_of(ash, "owner"), ash, member_of(moderator), "left")
    else:
        members.change_role(staff_of(ash, "owner"), ash, member_of(moderator), "auditor", "new")
    states = Case.objects.order_by("pk").values_list("state", "assignee")
    assert list(states) == [("open", None), ("waiting", None)]


def test_owners_hear_what_the_provider_changes_of_their_staff(ash, staff_of, moderator, provider):
    owner = staff_of(ash, "owner")
    StaffUser.objects.filter(pk=owner.pk).update(email="owner@example.com")
    staff_invites.invite(provider, ash, "me@provider.example", "owner")
    members.change_role(provider, ash, member_of(moderator), "triage", "asked")
    told = OutgoingMail.objects.filter(kind="staff_changed", recipient="owner@example.com")
    texts = " ".join(told.values_list("text", flat=True))
    assert "me@provider.example, Owner" in texts
    assert "moderator-ash, Triage" in texts
    members.change_role(owner, ash, member_of(moderator), "support", "ours")
    assert told.count() == 2


def test_sessions_at_the_tenant_end_with_the_role(ash, birch, staff_of, moderator):
    for key, host in (("a", ash), ("b", birch)):
        StaffSession.objects.create(
            session_key=key, staff=moderator, host=host, expire_date="2099-01-01T00:00Z"
        )
    members.remove(staff_of(ash, "owner"), ash, member_of(moderator), "left")
    assert [session.host for session in StaffSession.objects.all()] == [birch]


@pytest.mark.parametrize("role", ["moderator", "triage", "support", "auditor"])
def test_only_owners_manage_the_staff(ash, staff_of, role):
    owner, somebody = staff_of(ash, "owner"), staff_of(ash, role)
    with pytest.raises(NotAllowed):
        members.remove(somebody, ash, member_of(owner), "a coup")


def test_another_tenants_owner_does_not(birch, staff_of, moderator, ash):
    with pytest.raises(NotAllowed):
        members.remove(staff_of(birch, "owner"), birch, member_of(moderator), "envy")
    with pytest.raises(ReasonNeeded):
        members.remove(staff_of(ash, "owner"), ash, member_of(moderator), " ")


@pytest.mark.parametrize("verb", ["remove", "change_role"])
def test_the_last_owner_stays(ash, staff_of, verb):
    owner = staff_of(ash, "owner")
    role = ["auditor"] if verb == "change_role" else []
    with pytest.raises(members.LastOwner):
        getattr(members, verb)(owner, ash, member_of(owner), *role, "tired")


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_the_same_time(ash, staff_of):
    first = staff_of(ash, "owner")
    second = member_of(staff_of(ash, "support"))
    Member.objects.filter(pk=second.pk).update(role="owner")
    refused: list[Exception] = []

    def remove(actor, member) -> None:
        try:
            members.remove(actor, ash, member, "a duel")
        except (members.LastOwner, NotAllowed) as refusal:
            refused.append(refusal)
        connection.close()

    duel = [(first, second), (second.user, member_of(first))]
    threads = [threading.Thread(target=remove, args=each) for each in duel]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (Member.objects.count(), len(refused)) == (1, 1)
