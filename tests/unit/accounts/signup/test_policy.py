"""Every policy against everybody who knocks: newcomers and people who move in."""

from dataclasses import replace

import pytest

from accounts.authentication import credential_rules
from accounts.authentication.credentials import SignUpWaits
from accounts.invites import codes
from accounts.invites.codes import InvalidInviteCode
from accounts.models import HeldSignUp
from accounts.signup import captcha, policy, rules
from accounts.signup.policy import SignUpClosed
from accounts.signup.rules import SignUp
from tests.factories import wanted

MOVER = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"


def context(host, one: SignUp) -> None:
    """What every way in does before it writes a row; a mover's DID was proven elsewhere."""
    check = policy.check_before_proof if one.did else policy.check_open
    check(host, one)
    admitted = rules.check(host, replace(one, did=""))
    policy.admit(host, one, admitted)


@pytest.fixture(params=["", MOVER], ids=["newcomer", "mover"])
def did(request) -> str:
    return request.param


def test_an_open_host_lets_everybody_in(ash, did):
    context(ash, wanted(did=did))


def test_a_closed_host_lets_nobody_in(ash, did):
    ash.admission = "closed"
    with pytest.raises(SignUpClosed):
        context(ash, wanted(did=did))


def test_moves_only_is_what_it_says(ash):
    ash.admission = "migration_only"
    context(ash, wanted(did=MOVER))
    with pytest.raises(SignUpClosed, match="only accepts accounts that migrate"):
        context(ash, wanted())


def test_an_invite_is_asked_of_everybody(ash, did):
    ash.admission = "invite"
    for code, message in ((None, "No invite code provided"), ("x", "not available")):
        with pytest.raises(InvalidInviteCode, match=message):
            context(ash, wanted(did=did, invite_code=code))
    code = codes.give(ash, codes_each=1, uses_each=1)["admin"][0]
    context(ash, wanted(did=did, invite_code=code.upper()))


def test_a_captcha_is_asked_of_everybody(ash, did, monkeypatch):
    monkeypatch.setattr(captcha, "ZERO_BITS", 0)
    ash.admission = "captcha"
    with pytest.raises(captcha.CaptchaRefused):
        context(ash, wanted(did=did))
    context(ash, wanted(did=did, verification_code=f"{captcha.challenge(ash)}:1"))


def test_approval_holds_everybody(ash, did):
    ash.admission = "approval"
    with pytest.raises(SignUpWaits):
        context(ash, wanted(did=did))
    held = HeldSignUp.objects.get()
    assert (held.did, held.reason, held.handle) == (did, "policy", "alice.test")


def test_a_tripped_velocity_limit_holds_everybody(ash, did):
    ash.sign_up_limit_count = 1
    context(ash, wanted(handle="first.test", email="first@example.com"))
    with pytest.raises(SignUpWaits):
        context(ash, wanted(did=did))
    assert HeldSignUp.objects.get().reason == "velocity_limit"


def test_what_the_rules_refuse_is_not_counted(ash):
    ash.sign_up_limit_count = 1
    for _ in range(3):
        with pytest.raises(credential_rules.EmailRefused):
            context(ash, wanted(email="x@mailinator.com"))
    context(ash, wanted())


def test_a_mover_who_was_approved_comes_in_through_a_tripped_velocity_limit(ash):
    ash.sign_up_limit_count = 0
    ash.admission = "approval"
    with pytest.raises(SignUpWaits):
        context(ash, wanted(did=MOVER))
    HeldSignUp.objects.update(state="approved", decided_at="2026-01-01T00:00Z")
    context(ash, wanted(did=MOVER))
