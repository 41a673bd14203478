"""The beginning of a move: who it is, proven, has a deactivated account here. Nothing is public.

Proof is what the API asks for too (com.atproto.server.createAccount with `did`): a service token
that the old host makes for its account, signed by the DID's own key. Whose old host is gone proves
it with a rotation key, which stands above that one: the browser signs the same token with it.
"""

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.identity import resolution
from accounts.identity.plc import client, did_refresh
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account
from accounts.service_auth import replay_guard, tokens
from accounts.signup.rules import SignUp
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.errors import InvalidRequest
from protocol.keys import PublicKey
from protocol.syntax import is_did
from repos.account_transfer.moves import copying, old_host, old_session
from repos.account_transfer.moves.old_host import OldHost
from repos.account_transfer.moves.old_host_calls import OldSessionEnded
from repos.models import MoveIn
from server.encryption import compact_jws
from server.encryption.compact_jws import BadServiceToken
from server.jobs.leased_job import anew

METHOD: Final = "com.atproto.server.createAccount"


class UnknownPerson(InvalidRequest):
    """400: no DID, and no handle that leads to one."""

    field = "identifier"
    message = "The handle does not lead to a DID"
    page_text = _("Nobody in the network has this handle.")


class NoOldHost(InvalidRequest):
    """400: the DID names no host, or this one."""

    field = "identifier"
    message = "The DID names no other host"
    page_text = _("This account does not live at another host: there is nothing to move.")


class NotYourKey(InvalidRequest):
    """400: the recovery key is none of the DID's rotation keys."""

    field = "recovery_key"
    message = "The proof is not signed by one of the DID's rotation keys"
    page_text = _("This key is not one of the keys that may change this account's identity.")


def look_up(host: Host, identifier: str) -> DidDocument:
    """Who wants to move, and where they live. Asks the network. Raises UnknownPerson, NoOldHost,
    and the errors of `move_in.resolve`."""
    name = identifier.strip().lower().removeprefix("@")
    did = identifier.strip() if name.startswith("did:") else resolution.resolve_handle(name)
    if not did or not is_did(did):
        raise UnknownPerson
    document = move_in.resolve(did, fresh=True)
    if document.pds is None or document.pds.lower() == host.origin.lower():
        raise NoOldHost
    return document


def from_old_host(host: Host, wanted: SignUp, password: str, code: str) -> Account:
    """Begin with the password at the old host, which is asked at once and not kept.

    Outside of any transaction. Raises the errors of `look_up`, `move_in.check_before_proof`,
    `old_host.sign_in` and `move_in.move_in`.
    """
    origin = _origin(host, wanted)
    move_in.check_before_proof(host, wanted)
    return _proven(host, wanted, old_host.sign_in(origin, wanted.did, password, code))


def from_oauth(host: Host, wanted: SignUp, old: OldHost) -> Account:
    """Begin for who has signed in at the old host by OAuth. Raises as `from_old_host`, and
    OldSessionEnded when the DID has another host by now."""
    if _origin(host, wanted) != old.origin or wanted.did != old.did:
        raise OldSessionEnded
    move_in.check_before_proof(host, wanted)
    return _proven(host, wanted, old)


def _proven(host: Host, wanted: SignUp, old: OldHost) -> Account:
    token = old.service_token(host.service_did, METHOD)
    audiences = tokens.audiences_of(host)
    claims = tokens.verify(token, audiences, METHOD, document_of=resolution.resolve_did)
    if claims.did != wanted.did:
        raise BadServiceToken("The old host's token is of another DID")
    account = move_in.move_in(host, wanted)
    note(account, old.origin, wanted)
    old_session.keep(account.pk, old)
    copying.queue.wake(account.pk)
    return account


def with_recovery_key(host: Host, wanted: SignUp, proof: str) -> Account:
    """Begin without the old host: `proof` is a service token of the DID, signed by one of its
    rotation keys. Raises as `from_old_host`, and NotYourKey."""
    origin = _origin(host, wanted)
    move_in.check_before_proof(host, wanted)
    claims = tokens.unproven(proof, tokens.audiences_of(host), METHOD)
    if claims.did != wanted.did or not _is_signed_by(proof, _rotation_keys(wanted.did)):
        raise NotYourKey
    with replay_guard.use_once(host, claims):
        account = move_in.move_in(host, wanted)
    note(account, origin, wanted, is_host_gone=True)
    return account


def sign_in_again(account: Account, move: MoveIn, password: str, code: str) -> None:
    """A new session at the old host, in place of one that was forgotten. Raises as `sign_in`."""
    signed_in_again(account, old_host.sign_in(move.origin, account.did, password, code))


def signed_in_again(account: Account, old: OldHost) -> None:
    """Go on with a new session, however it came about."""
    old_session.keep(account.pk, old)
    copying.go_on(account.pk)


def _origin(host: Host, wanted: SignUp) -> str:
    return look_up(host, wanted.did).pds or ""


def note(account: Account, origin: str, wanted: SignUp, *, is_host_gone: bool = False) -> None:
    """The row of a move that begins now; one from before is begun anew."""
    MoveIn.objects.update_or_create(
        pk=account.pk,
        defaults={
            "host_id": account.host_id,
            "origin": origin,
            "is_host_gone": is_host_gone,
            "language": wanted.language or "en",
            **anew(),
            "session": None,
            "session_until": None,
            "import_job_id": None,
            "records_at": None,
            "preferences_at": None,
            "preferences_error": "",
            "confirmed_at": None,
            "left_at": None,
            "left_error": "",
        },
    )


def _rotation_keys(did: str) -> Sequence[str]:
    try:
        _newest, data = did_refresh.ask_directory(did)
    except client.Unsettled as outcome:
        raise resolution.NetworkUnavailable("The PLC directory does not answer") from outcome
    return data.rotation_keys if data is not None else ()


def _is_signed_by(proof: str, did_keys: Sequence[str]) -> bool:
    token = compact_jws.parse(proof)
    return any(
        PublicKey.from_did_key(each).verify(token.signed, token.signature) for each in did_keys
    )
