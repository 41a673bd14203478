"""The console's pages of sign-ups that wait and of invite codes, as every role."""

import pytest
from django.test import Client

from accounts.models import Account, HeldSignUp, InviteCode
from accounts.signup import velocity_limit
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from moderation.models import AuditEntry

pytestmark = pytest.mark.django_db
HOME = "/console/sign-ups/"


def console(user, host="localhost") -> Client:
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


def hold(host, label="carol") -> HeldSignUp:
    return HeldSignUp.objects.create(
        host=host, handle=label + host.handle_domains.first().name,
        email=f"{label}@example.com", password="hashed", reason="policy",
    )  # fmt: skip


@pytest.fixture
def held(ash) -> HeldSignUp:
    return hold(ash)


@pytest.fixture
def tripped(ash) -> Host:
    ash.sign_up_limit_count = 0
    velocity_limit.count(ash)
    return ash


def test_who_waits_is_listed(held, moderator):
    page = console(moderator).get(HOME).content.decode()
    assert "@carol.test" in page
    assert "carol@example.com" in page
    assert "hashed" not in page


def test_another_tenants_people_are_not_listed(held, birch, staff_of):
    page = console(staff_of(birch, "owner"), "birch.localhost").get(HOME).content.decode()
    assert "carol" not in page


@pytest.mark.parametrize("deed", ["approve", "refuse"])
def test_another_tenants_staff_decides_nothing(held, birch, staff_of, deed):
    client = console(staff_of(birch, "owner"), "birch.localhost")
    assert client.post(f"{HOME}{held.pk}/{deed}/", {"reason": "envy"}).status_code == 404
    held.refresh_from_db()
    assert held.state == "waiting"


@pytest.mark.parametrize("role", ["owner", "moderator", "support"])
def test_these_roles_let_people_in(held, ash, staff_of, role):
    console(staff_of(ash, role)).post(f"{HOME}{held.pk}/approve/", {"reason": "a neighbour"})
    assert Account.objects.get(handle="carol.test").email == "carol@example.com"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_handle) == ("sign_up.approve", "carol.test")


def test_an_auditor_may_look(held, ash, staff_of):
    client = console(staff_of(ash, "auditor"))
    assert b"Approve" not in client.get(HOME).content
    client.post(f"{HOME}{held.pk}/approve/", {"reason": "a neighbour"})
    held.refresh_from_db()
    assert held.state == "waiting"


def test_a_reason_is_needed(held, moderator):
    answer = console(moderator).post(f"{HOME}{held.pk}/refuse/", {"reason": " "}, follow=True)
    assert b"Give a reason" in answer.content
    held.refresh_from_db()
    assert held.state == "waiting"


def test_a_no_is_told_by_mail(held, moderator):
    console(moderator).post(f"{HOME}{held.pk}/refuse/", {"reason": "a bot"})
    assert OutgoingMail.objects.get().kind == "sign_up_refused"


def test_a_flood_is_discarded_at_once_and_without_mail(ash, moderator):
    flood = [hold(ash, f"bot{number}") for number in range(3)]
    ticked = [str(one.pk) for one in flood[:2]] + ["x"]
    console(moderator).post(f"{HOME}discard/", {"held": ticked, "reason": "bots"})
    assert HeldSignUp.objects.waiting().get() == flood[2]
    assert not OutgoingMail.objects.exists()
    assert AuditEntry.objects.count() == 2


def test_nobody_of_another_tenant_is_discarded(held, birch, staff_of):
    client = console(staff_of(birch, "owner"), "birch.localhost")
    client.post(f"{HOME}discard/", {"held": [str(held.pk)], "reason": "envy"})
    held.refresh_from_db()
    assert held.state == "waiting"


def test_a_tripped_velocity_limit_is_shown_and_closed(tripped, moderator):
    client = console(moderator)
    assert b"Sign-ups are being held" in client.get(HOME).content
    client.post(f"{HOME}reopen/", {"reason": "the wave is over"})
    assert not velocity_limit.is_tripped(tripped)
    assert AuditEntry.objects.get().action == "sign_up.reopen"


def test_birchs_staff_do_not_reopen_ash(tripped, birch, staff_of):
    client = console(staff_of(birch, "owner"), "birch.localhost")
    client.post(f"{HOME}reopen/", {"reason": "envy"})
    assert velocity_limit.is_tripped(tripped)


def test_an_owner_decides_the_policy(ash, staff_of):
    client = console(staff_of(ash, "owner"))
    wanted = {"policy": "approval", "sign_up_limit_count": "50", "invite_interval_days": "7"}
    client.post(f"{HOME}admission/", {**wanted, "reason": "spam"})
    ash.refresh_from_db()
    assert (ash.admission, ash.sign_up_limit_count, ash.invite_interval.days) == ("approval", 50, 7)
    assert AuditEntry.objects.get().reason == "approval: spam"


def test_a_moderator_does_not(ash, moderator):
    client = console(moderator)
    client.post(f"{HOME}admission/", {"policy": "closed", "reason": "no"})
    ash.refresh_from_db()
    assert ash.admission == "open"


def test_a_policy_that_is_none_is_shown_again(ash, staff_of):
    answer = console(staff_of(ash, "owner")).post(f"{HOME}admission/", {"policy": "maybe"})
    assert answer.status_code == 400
    assert b"Select a valid choice" in answer.content


def test_codes_are_made_shown_and_listed(ash, staff_of):
    client = console(staff_of(ash, "support"))
    page = client.post("/console/invites/", {"codes": "3", "uses": "2"}).content.decode()
    codes = list(InviteCode.objects.of(ash).values_list("code", flat=True))
    assert len(codes) == 3
    assert all(code in page for code in codes)
    listed = client.get("/console/accounts/invitecode/").content.decode()
    assert codes[0] in listed


def test_an_auditor_makes_no_codes(ash, staff_of):
    console(staff_of(ash, "auditor")).post("/console/invites/", {"codes": "3", "uses": "2"})
    assert not InviteCode.objects.exists()


def test_birchs_staff_see_no_codes_of_ash(ash, birch, staff_of):
    console(staff_of(ash, "owner")).post("/console/invites/", {"codes": "1", "uses": "1"})
    client = console(staff_of(birch, "owner"), "birch.localhost")
    listed = client.get("/console/accounts/invitecode/").content.decode()
    assert InviteCode.objects.get().code not in listed
