"""A link by mail makes somebody staff, once, within a week."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hosting.mail.models import OutgoingMail
from hosting.models import Member, StaffInvite, StaffUser
from moderation.models import AuditEntry
from moderation.permissions import NotAllowed
from moderation.staff import staff_invites

pytestmark = pytest.mark.django_db
CHOSEN = {"username": "Newbie", "password": "a long one for the console"}


@pytest.fixture
def link(ash, staff_of) -> str:
    """The path of an invitation to triage at ash."""
    made = staff_invites.invite(staff_of(ash, "owner"), ash, "New@Example.com", "triage")
    return made.removeprefix(ash.origin)


def browser(host: str = "localhost") -> Client:
    return Client(headers={"host": host})


def test_who_opens_the_link_chooses_name_and_password_and_is_in(ash, link):
    somebody = browser()
    assert "Triage" in somebody.get(link).text
    assert somebody.post(link, CHOSEN)["location"] == "/console/"
    assert somebody.get("/console/").status_code == 200
    staff = StaffUser.objects.get(username="Newbie")
    assert (staff.email, staff.roles_at(ash.tenant_id)) == ("new@example.com", {"triage"})
    assert AuditEntry.objects.get(action="staff.join").staff == staff


def test_outside_of_a_sandbox_a_factor_comes_next(link, settings):
    settings.SANDBOX = False
    somebody = browser()
    somebody.post(link, CHOSEN)
    assert somebody.get("/console/staff/", follow=True).redirect_chain[-1][0] == "/console/factors/"


def test_a_link_works_once_at_its_own_tenant_and_for_a_week(link, birch):
    assert browser("birch.localhost").get(link).status_code == 404
    browser().post(link, CHOSEN)
    assert browser().post(link, CHOSEN | {"username": "second"}).status_code == 404
    assert browser().get("/console/join/nonsense/").status_code == 404


def test_an_old_link_and_a_withdrawn_one_open_nothing(link, ash, staff_of):
    StaffInvite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert browser().get(link).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [{"password": "short"}, {"username": ""}, {"username": "a b"}, {"username": "owner-ash"}],
)
def test_bad_input_is_said_at_the_field_and_nothing_is_half_made(link, typed):
    answer = browser().post(link, CHOSEN | typed)
    assert (answer.status_code, "<title>Error:" in answer.text) == (422, True)
    assert 'class="console-error"' in answer.text
    assert StaffInvite.objects.exists()
    assert Member.objects.filter(role="triage").count() == 0


def test_staff_of_another_tenant_join_with_what_they_have(link, ash, birch, staff_of):
    there = staff_of(birch, "moderator")
    there.set_password("a long one they have")
    there.save()
    name = {"username": there.username}
    assert browser().post(link, CHOSEN | name).status_code == 422
    browser().post(link, name | {"password": "a long one they have"})
    assert (there.roles_at(ash.tenant_id), there.roles_at(birch.tenant_id)) == (
        {"triage"},
        {"moderator"},
    )


def test_a_second_invitation_of_an_address_voids_the_first(link, ash, staff_of):
    again = staff_invites.invite("admin", ash, "new@example.com", "auditor")
    assert browser().get(link).status_code == 404
    assert browser().get(again.removeprefix(ash.origin)).status_code == 200
    assert OutgoingMail.objects.filter(kind="staff_invite").count() == 2


def test_only_the_provider_invites_the_provider(ash, staff_of, provider):
    with pytest.raises(NotAllowed):
        staff_invites.invite(staff_of(ash, "owner"), ash, "x@example.com", "platform")
    link = staff_invites.invite(provider, ash, "x@example.com", "platform")
    browser().post(link.removeprefix(ash.origin), CHOSEN)
    assert StaffUser.objects.get(username="Newbie").is_platform_staff


def test_the_last_owner_stays_whatever_they_accept(ash, staff_of):
    owner = staff_of(ash, "owner")
    owner.set_password("a long one they have")
    owner.save()
    link = staff_invites.invite("admin", ash, "o@example.com", "auditor").removeprefix(ash.origin)
    known = {"username": owner.username, "password": "a long one they have"}
    assert browser().post(link, known).status_code in (409, 422)
    assert owner.roles_at(ash.tenant_id) == {"owner"}
