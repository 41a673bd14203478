"""`manage.py staff`, as its operator types it."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.authentication.factors import holders, totp
from accounts.models import Totp
from hosting.mail.models import OutgoingMail
from hosting.models import Member, StaffUser
from moderation.models import AuditEntry
from tests.factories import staff_member

pytestmark = pytest.mark.django_db


def staff(*words: str) -> Any:
    """What the command says, read back from its JSON."""
    said = io.StringIO()
    call_command("staff", *words, "--json", stdout=said)
    return json.loads(said.getvalue())


def test_an_invitation_prints_its_link_and_mails_it(ash):
    told = staff("invite", "o@example.com", "--role", "owner", "--tenant", "ash")
    mail = OutgoingMail.objects.get(kind="staff_invite")
    assert (mail.recipient, told["link"] in mail.text) == ("o@example.com", True)
    assert AuditEntry.objects.get(action="staff.invite").actor == "operator"


def test_roles_are_listed_changed_and_taken(ash, birch):
    staff_member(ash, "owner"), staff_member(birch, "support")
    staff("role", "support-birch", "auditor", "--tenant", "birch")
    rows = [(each["name"], each["tenant"], each["role"]) for each in staff("list")]
    assert rows == [("owner-ash", "ash", "owner"), ("support-birch", "birch", "auditor")]
    staff("remove", "support-birch", "--tenant", "birch")
    assert not Member.objects.filter(tenant=birch.tenant).exists()


def test_the_last_owner_stays(ash):
    staff_member(ash, "owner")
    with pytest.raises(CommandError, match="last owner"):
        call_command("staff", "remove", "owner-ash", "--tenant", "ash")


def test_factors_are_reset_in_the_name_of_their_own_host(ash, birch):
    somebody = staff_member(birch, "moderator")
    StaffUser.objects.filter(pk=somebody.pk).update(email="mo@example.com")
    totp.keep(holders.of_staff(birch, somebody), "A" * 32, 0)
    staff("reset-factor", somebody.username, "--reason", "lost the phone")
    assert not Totp.objects.exists()
    assert AuditEntry.objects.get(action="staff.reset_factors").host == birch
    assert OutgoingMail.objects.get(kind="factor_alert").host == birch


@pytest.mark.parametrize(
    "words",
    [
        ["invite", "x", "--role", "owner", "--tenant", "ash"],
        ["invite", "x@example.com", "--role", "owner", "--tenant", "nobody"],
        ["role", "nobody", "owner", "--tenant", "ash"],
        ["remove", "nobody", "--tenant", "ash"],
        ["reset-factor", "nobody"],
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(ash, words):
    with pytest.raises(CommandError):
        call_command("staff", *words)
