"""The admission policy of a host, which every way to sign up obeys.

XRPC sign-up, the sign-up page and people who move in with their DID all pass here, in this order:
`check_open` before anything else is looked at (for people with a DID `check_before_proof`), then
the rules of `rules`, then `admit` before the first row is written. `admit` returns, or refuses,
or holds: a held sign-up is put down for the staff (accounts.signup.approval_queue), and no DID is
made and nothing announced until they say yes.
"""

from accounts.invites import codes
from accounts.models import HeldSignUp
from accounts.signup import approval_queue, blocked_networks, captcha, velocity_limit
from accounts.signup.rules import Admitted, SignUp
from hosting.models import Host
from hosting.tenancy import suspension
from protocol.errors import InvalidRequest

Admission = Host.Admission
Reason = HeldSignUp.Reason


class SignUpClosed(InvalidRequest):
    """400: nobody can have a new account here, or only people who bring their DID."""


def check_open(host: Host, wanted: SignUp) -> None:
    """Whether sign-up is open at all, and for this client. Raises SignUpClosed, SignUpsBlocked,
    InvalidInviteCode."""
    if suspension.is_suspended(host):
        raise SignUpClosed(f"This server is suspended: {host.tenant.suspension_reason}")
    if wanted.is_vouched_for:
        return
    if host.admission == Admission.CLOSED:
        raise SignUpClosed("This server does not accept new accounts.")
    if host.admission == Admission.MIGRATION_ONLY and not wanted.did:
        raise SignUpClosed("This server only accepts accounts that migrate from another server.")
    if wanted.address:
        blocked_networks.check(host, wanted.address)
    if host.has_invites_required and not wanted.invite_code:
        raise codes.InviteCodeMissing


def check_before_proof(host: Host, wanted: SignUp) -> None:
    """All that can be asked of somebody who says that a DID is theirs before a server that they
    name is asked whether it is. Raises SignUpClosed, InvalidInviteCode, CaptchaRefused."""
    check_open(host, wanted)
    if approval_queue.is_approved(host, wanted.did):
        return
    if host.has_invites_required:
        codes.check(host, (wanted.invite_code or "").strip().lower())
    if host.admission == Admission.CAPTCHA:
        captcha.check(host, wanted.verification_code, wanted.address)


def admit(host: Host, wanted: SignUp, admitted: Admitted) -> None:
    """Let a sign-up that kept the rules happen now; each call counts as one. Who moves in has
    passed `check_before_proof`, and with it the captcha.

    Call it outside of any transaction: a captcha may be somebody else's to check. Raises
    InvalidInviteCode, CaptchaRefused, SignUpWaits.
    """
    if wanted.did and approval_queue.is_approved(host, wanted.did):
        return
    if wanted.is_vouched_for:
        approval_queue.check_not_waiting(host, wanted.did, admitted)
        return
    if host.has_invites_required:
        codes.check(host, admitted.invite_code)
    approval_queue.check_not_waiting(host, wanted.did, admitted)
    if host.admission == Admission.CAPTCHA and not wanted.did:
        captcha.check(host, wanted.verification_code, wanted.address)
    if host.admission == Admission.APPROVAL:
        approval_queue.enqueue(host, wanted, admitted, Reason.POLICY)
    if not velocity_limit.count(host):
        approval_queue.enqueue(host, wanted, admitted, Reason.VELOCITY_LIMIT)
