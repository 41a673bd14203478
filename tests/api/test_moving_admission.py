"""People who move in pass the same admission policy as everybody."""

import pytest

from accounts.invites import codes
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, HeldSignUp
from hosting.tenancy import routing
from moderation.staff import sign_up_review
from tests.api import clients
from tests.api.clients import Api
from tests.api.test_admin import done, refused
from tests.api.test_moving import quick_directory, service_token
from tests.factories import staff_member

__all__ = ["quick_directory"]


def policy(host, name) -> None:
    host.admission = name
    host.save()
    routing.forget()


def knock(host, person, **more):
    """A first step into `host`, proven by a fresh service token."""
    return Api(host, service_token(person, host)).call(
        "com.atproto.server.createAccount",
        did=person.did,
        handle="alice.birch.test",
        email="alice@example.com",
        password="brand new password",
        **more,
    )


def lives_at(host, person) -> bool:
    return Account.objects.of(host).filter(did=person.did).exists()


@pytest.mark.parametrize("name", ["open", "migration_only"])
def test_these_let_people_move_in(alice, birch, name):
    policy(birch, name)
    assert done(knock(birch, alice))["did"] == alice.did


def test_a_closed_host_does_not(alice, birch):
    policy(birch, "closed")
    assert refused(knock(birch, alice))[:2] == (400, "InvalidRequest")
    assert not lives_at(birch, alice)


def test_an_invite_is_asked_and_spent(alice, birch):
    policy(birch, "invite")
    assert refused(knock(birch, alice))[1] == "InvalidInviteCode"
    code = codes.give(birch, codes_each=1, uses_each=1)["admin"][0]
    done(knock(birch, alice, inviteCode=code))
    with pytest.raises(codes.InvalidInviteCode):
        codes.check(birch, code)


def test_staff_approve_and_the_move_goes_on(alice, birch):
    policy(birch, "approval")
    assert refused(knock(birch, alice))[1] == "SignupQueued"
    assert refused(knock(birch, alice))[1] == "SignupQueued"
    assert not lives_at(birch, alice)
    held = HeldSignUp.objects.select_related("host__tenant").get(did=alice.did)
    sign_up_review.approve(staff_member(birch, "owner"), held, "a neighbour")
    done(knock(birch, alice))
    assert lives_at(birch, alice)


def test_staff_refuse_and_it_does_not(alice, birch):
    policy(birch, "approval")
    knock(birch, alice)
    held = HeldSignUp.objects.select_related("host__tenant").get(did=alice.did)
    sign_up_review.refuse(staff_member(birch, "owner"), held, "a bot")
    assert "declined" in refused(knock(birch, alice))[2]
    assert not lives_at(birch, alice)


@pytest.mark.parametrize("name", ["closed", "invite", "captcha"])
def test_nobody_is_asked_who_has_a_did_before_the_hosts_own_rules(alice, birch, name, monkeypatch):
    policy(birch, name)
    asked = []
    monkeypatch.setattr(move_in, "resolve", lambda did, fresh=False: asked.append(did))
    assert knock(birch, alice).status_code == 400
    assert not asked


def test_who_has_a_did_is_asked_in_the_lane_of_lookups(alice, birch, monkeypatch):
    pools = []
    monkeypatch.setattr(clients, "worked", lambda _nsid, plan: pools.append(plan.pool))
    knock(birch, alice)
    assert pools == ["lookup"]
