"""The approval queue: sign-ups that wait for the host's staff.

A held sign-up mints no DID and emits no event (product: admission). Approved, it is written down
exactly as if it had been handed in then, and the person hears of it by mail. Those who move in with
a DID of their own have a proof that lives a minute: they are told yes, and come again.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NoReturn

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.authentication.credential_rules import EmailTaken
from accounts.authentication.credentials import SignUpWaits
from accounts.identity.handles.allocation import HandleTaken
from accounts.identity.plc import submit
from accounts.invites import codes
from accounts.models import HeldSignUp
from accounts.signup import did_web_sign_up, pending_account, rules
from accounts.signup.rules import Admitted, SignUp
from hosting.mail import emails, outbox
from hosting.models import Host
from protocol.errors import InvalidRequest
from server.database import connection

WAITING_MAX: Final = 10_000  # at a host: beyond that nobody will ever look at them
KEPT_FOR: Final = timedelta(days=30)
_WAITING: Final = """
    SELECT 1 FROM held_sign_up
    WHERE state = 'waiting' AND (handle = %s OR (host_id = %s AND email = %s AND did = '')) LIMIT 1
"""


class QueueFull(InvalidRequest):
    """400: so many wait that nothing more is taken."""

    message = "Too many sign-ups are waiting here. Please try again another day."
    page_text = _("Too many sign-ups wait here already. Try again another day.")


class Declined(InvalidRequest):
    """400: the staff said no to this DID."""

    message = "This server's staff have declined this account."


class AlreadyDecided(InvalidRequest):
    """400: somebody of the staff was quicker."""


def enqueue(host: Host, wanted: SignUp, admitted: Admitted, reason: HeldSignUp.Reason) -> NoReturn:
    """Put a sign-up down for the staff. Raises SignUpWaits when that is done, QueueFull when it is
    not, HandleTaken or EmailTaken when somebody else waits with the same."""
    if HeldSignUp.objects.of(host).waiting().count() >= WAITING_MAX:
        raise QueueFull
    held = HeldSignUp(
        host=host,
        handle=admitted.handle,
        email=admitted.email,
        password="" if wanted.did else make_password(admitted.password),
        recovery_key=admitted.recovery_key,
        invite_code=admitted.invite_code,
        did=wanted.did,
        address=wanted.address,
        language=(wanted.language or "")[:10],
        reason=reason,
    )
    try:
        with transaction.atomic():
            held.save()
    except IntegrityError as error:
        raise _waiting_already(error, admitted) from error
    raise SignUpWaits


def check_not_waiting(host: Host, did: str, admitted: Admitted) -> None:
    """Whether nobody waits for the same handle or address here. Raises SignUpWaits for the same
    person, HandleTaken or EmailTaken for another, Declined for a mover who was told no."""
    if not did and not connection.row(_WAITING, (admitted.handle, host.pk, admitted.email)):
        return
    refused = HeldSignUp.objects.of(host).filter(state=HeldSignUp.State.REFUSED)
    if did and refused.filter(did=did).exists():
        raise Declined
    waiting = HeldSignUp.objects.waiting()
    by_handle = waiting.filter(handle=admitted.handle).first()
    if by_handle is not None:
        if _is_same(by_handle, host, did, admitted):
            raise SignUpWaits
        raise HandleTaken(admitted.handle)
    if waiting.filter(host=host, email=admitted.email, did="").exists():
        raise EmailTaken(admitted.email)


def is_handle_wanted(handle: str) -> bool:
    """Whether somebody waits for this handle; it is kept for them."""
    return HeldSignUp.objects.waiting().filter(handle=handle).exists()


def is_approved(host: Host, did: str) -> bool:
    """Whether the staff have said yes to a DID that wants to move in."""
    approved = HeldSignUp.objects.of(host).filter(state=HeldSignUp.State.APPROVED)
    return approved.filter(did=did).exists()


def approve(held: HeldSignUp) -> None:
    """Make the account that was asked for, in the caller's transaction; the directory hears of it
    after the commit. The account opens some moments later, as every one does.

    Raises AlreadyDecided, and HandleTaken or EmailTaken where somebody else has it by now.
    """
    _decide(held, HeldSignUp.State.APPROVED)
    if not held.did:
        _make_account(held)
    _write(held, emails.SIGN_UP_APPROVED)


def _make_account(held: HeldSignUp) -> None:
    wanted = Admitted(held.handle, held.email, "", held.recovery_key, _code_left(held))
    rules.check_free(held.host, wanted)
    if held.host.did_method == Host.DidMethod.WEB:
        did_web_sign_up.open_account(held.host, wanted, held.password)
        return
    try:
        with transaction.atomic():
            operation = pending_account.write(held.host, wanted, held.password)
    except IntegrityError as error:
        raise pending_account.lost_race(error, wanted) from error
    transaction.on_commit(partial(submit.queue.wake, operation.pk))


def refuse(held: HeldSignUp) -> None:
    """Say no, in the caller's transaction; the person is told. Raises AlreadyDecided."""
    _decide(held, HeldSignUp.State.REFUSED)
    _write(held, emails.SIGN_UP_REFUSED)


def discard(host: Host, ids: Sequence[int]) -> list[HeldSignUp]:
    """Say no to many without a word, in the caller's transaction: what a flood left behind, whose
    addresses are nobody's or somebody else's. Returns them."""
    discarded = list(HeldSignUp.objects.of(host).waiting().select_for_update().filter(pk__in=ids))
    for held in discarded:
        _decide(held, HeldSignUp.State.REFUSED)
    return discarded


def forget_old() -> None:
    """The sweep: nobody's data is kept for a month for nothing."""
    HeldSignUp.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()


def _decide(held: HeldSignUp, state: HeldSignUp.State) -> None:
    decided = HeldSignUp.objects.waiting().filter(pk=held.pk)
    # What was kept to make the account of has done its duty.
    if decided.update(state=state, decided_at=timezone.now(), password="", address="") != 1:
        raise AlreadyDecided("This sign-up has already been decided.")


def _code_left(held: HeldSignUp) -> str:
    """The invite code, where it is still good: the staff's yes is worth more than a code."""
    try:
        return codes.check(held.host, held.invite_code)
    except codes.InvalidInviteCode:
        return ""


def _write(held: HeldSignUp, kind: emails.EmailKind) -> None:
    if held.email:
        words = {"handle": held.handle, "is_move": bool(held.did)}
        outbox.post(held.host, held.email, kind, words, language=held.language or None)


def _is_same(held: HeldSignUp, host: Host, did: str, admitted: Admitted) -> bool:
    """The same person again: by the proven DID, or by address and password."""
    if held.host_id != host.pk or held.did != did:
        return False
    return bool(did) or (
        held.email == admitted.email and check_password(admitted.password, held.password)
    )


def _waiting_already(error: IntegrityError, wanted: Admitted) -> Exception:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if constraint == "held_sign_up_handle_is_unique":
        return HandleTaken(wanted.handle)
    if constraint == "held_sign_up_email_is_unique_a_host":
        return EmailTaken(wanted.email)
    if constraint == "held_sign_up_did_is_unique_a_host":
        return SignUpWaits()
    return error
