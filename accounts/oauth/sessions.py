"""OAuth sessions: a code becomes one, a refresh token continues it, revocation ends it.

Source: RFC 6749 sections 4.1.3 and 6, RFC 7009, atproto.com/specs/oauth. By which refresh token
a session goes on:

    the newest                                       -> the next one
    the one before it, within REFRESH_GRACE          -> the same next one: an answer got lost
    any older one, or one shown by another DPoP key  -> it was copied: the session ends
    one that the host did not make                   -> refused, and nothing else

Refreshes of a session are serialised by its row. Permission sets are looked up before any lock, and
a fault in that ends nothing.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.authentication.compact_jws import base64url
from accounts.models import OAuthDeviceAccount, OAuthRequest, OAuthSession
from accounts.oauth import opaque, scopes
from accounts.oauth.clients import rules
from accounts.oauth.clients.authentication import ClientAuth
from accounts.oauth.clients.documents import REFRESH_GRANT, Client
from accounts.oauth.errors import InvalidAccessToken, InvalidGrant, UnauthorizedClient
from accounts.oauth.tokens import access_tokens, refresh_tokens
from accounts.service_auth import replay_guard
from accounts.status import AccountNotFound, AccountTakedown, lock_for_session
from hosting.models import Host

REFRESH_GRACE: Final = timedelta(seconds=60)
PUBLIC_LASTS: Final = timedelta(days=14)  # a public client's session, from its beginning
CONFIDENTIAL_REFRESH: Final = timedelta(days=90)  # without a refresh
CONFIDENTIAL_LASTS: Final = timedelta(days=730)
CHALLENGE_IS_USED_FOR: Final = timedelta(hours=24)
SESSIONS_MAX: Final = 500  # of an account; the eldest goes
_VERIFIER_CHARS: Final = range(43, 129)  # RFC 7636 section 4.1


@dataclass(frozen=True, slots=True)
class Presenter:
    """Who presents a code or token (RFC 7800): the client, how it proved itself, and the key of its
    DPoP proof."""

    client: Client
    auth: ClientAuth
    jkt: str


def exchange(host: Host, presenter: Presenter, given: Mapping[str, str]) -> dict[str, Any]:
    """The first tokens of a session, for a code. Raises InvalidGrant; InvalidScope when a
    permission set cannot be resolved, which leaves the code good."""
    code_sha256 = opaque.sha256(given.get("code", ""))
    request = _request(host, code_sha256)
    if request is None:
        _end_replayed(host, code_sha256)
        raise InvalidGrant("The code is unknown, used or expired")
    try:
        _check_exchange(request, presenter, given)
    except InvalidGrant:
        request.delete()
        raise
    scope = scopes.expanded(host, request.granted_scope.split())
    session = _begin(request, presenter, scope)
    if session is None:
        _end_replayed(host, code_sha256)
        raise InvalidGrant("The code was used before")
    try:  # only now: who blocks an app ends the sessions that are there by then
        rules.refuse_blocked(host, presenter.client.client_id)
    except UnauthorizedClient:
        session.delete()
        raise
    if not _is_new_challenge(request):
        session.delete()
        raise InvalidGrant("code_challenge was used before")
    return _answer(host, session, presenter.client)


def refresh(host: Host, presenter: Presenter, refresh_token: str) -> dict[str, Any]:
    """The next tokens of a session. Raises InvalidGrant; InvalidScope when a permission set cannot
    be resolved, which leaves the session as it was."""
    pk, number = refresh_tokens.read(host, refresh_token)
    session = _of(host).filter(pk=pk).first()
    if session is None:
        raise InvalidGrant("The session has ended")
    _check_presenter(session, presenter)
    rules.refuse_blocked(host, presenter.client.client_id)
    scope = scopes.expanded(host, session.granted_scope.split())
    continued = _continued(host, pk, number, presenter, scope)
    if continued is None:
        raise InvalidGrant("The refresh token was replayed, and the session has ended")
    return _answer(host, continued, presenter.client)


def revoke(host: Host, presenter: Presenter, token: str) -> None:
    """End the session of a refresh or access token, if it is this client's and this key's (`jkt`
    empty: no proof was shown). Says nothing of tokens that are none."""
    pk = named_by(host, token)
    session = _of(host).filter(pk=pk).first() if pk else None
    if session is None or session.client_id != presenter.client.client_id:
        return
    is_same_key = presenter.jkt in ("", session.dpop_jkt)
    if is_same_key and presenter.auth.continues(ClientAuth.of(session.client_auth)):
        session.delete()


def named_by(host: Host, token: str) -> UUID | None:
    """The session that a refresh or access token of this host names, whether or not it stands."""
    try:
        if access_tokens.is_one(token):
            return UUID(access_tokens.read(host, token).session)
        return refresh_tokens.read(host, token)[0]
    except (InvalidGrant, InvalidAccessToken):
        return None


def end_with_lost_key(
    host: Host, client_id: str, refresh_token: str, has_lost_key: Callable[[ClientAuth], bool]
) -> None:
    """End the client's session of a refresh token when `has_lost_key` says that it withdrew the key
    to which the session belongs."""
    pk = named_by(host, refresh_token)
    session = _of(host).filter(pk=pk, client_id=client_id).first() if pk else None
    if session is not None and has_lost_key(ClientAuth.of(session.client_auth)):
        session.delete()


def forget_expired() -> None:
    """The sweep: sessions that cannot be refreshed any more."""
    OAuthSession.objects.filter(refresh_until__lt=timezone.now()).delete()


def _of(host: Host) -> Any:
    return OAuthSession.objects.of(host).select_related("account")


def _request(host: Host, code_sha256: str) -> OAuthRequest | None:
    found = OAuthRequest.objects.filter(host=host, code_sha256=code_sha256)
    request = found.select_related("account__host", "host").first()
    if request is None or request.expires_at <= timezone.now():
        return None
    return request


def _check_exchange(request: OAuthRequest, presenter: Presenter, given: Mapping[str, str]) -> None:
    if request.client_id != presenter.client.client_id:
        raise InvalidGrant("The code is another client's")
    if presenter.auth != ClientAuth.of(request.client_auth):
        raise InvalidGrant("The code was asked for with other client credentials")
    if request.dpop_jkt not in ("", presenter.jkt):
        raise InvalidGrant("The code is bound to another DPoP key")
    if given.get("redirect_uri") != request.parameters["redirect_uri"]:
        raise InvalidGrant("redirect_uri is not the one of the request")
    verifier = given.get("code_verifier", "")
    challenge = base64url(hashlib.sha256(verifier.encode(errors="replace")).digest())
    is_right = hmac.compare_digest(challenge, request.parameters["code_challenge"].encode())
    if len(verifier) not in _VERIFIER_CHARS or not is_right:
        raise InvalidGrant("code_verifier does not match")


def _begin(request: OAuthRequest, presenter: Presenter, scope: str) -> OAuthSession | None:
    """The session of a code; None for one that somebody else has just exchanged."""
    account = request.account
    assert account is not None  # noqa: S101 - a constraint says so
    with transaction.atomic():
        try:
            locked = lock_for_session(account)
        except (AccountNotFound, AccountTakedown):
            raise InvalidGrant("The account is not active") from None
        if not locked.is_active:
            raise InvalidGrant("The account is not active")
        code = OAuthRequest.objects.select_for_update().filter(
            pk=request.pk, code_sha256=request.code_sha256
        )
        if code.first() is None:
            return None
        code.delete()
        now = timezone.now()
        ends_at = now + (PUBLIC_LASTS if presenter.client.is_public else CONFIDENTIAL_LASTS)
        session = OAuthSession.objects.create(
            account=locked,
            client_id=request.client_id,
            client_auth=presenter.auth.stored(),
            dpop_jkt=presenter.jkt,
            granted_scope=request.granted_scope,
            scope=scope,
            refreshed_at=now,
            code_sha256=request.code_sha256 or "",
            device_id=request.device_id,
            ends_at=ends_at,
            refresh_until=_refresh_until(now, presenter.client, ends_at),
        )
        _trim(session)
        return session


def _is_new_challenge(request: OAuthRequest) -> bool:
    """Whether no code was exchanged by this verifier lately: one that serves twice is no secret."""
    forgotten_at = int((timezone.now() + CHALLENGE_IS_USED_FOR).timestamp())
    challenge = request.parameters["code_challenge"]
    return replay_guard.claim(request.host, "code-challenge", challenge, forgotten_at)


def _trim(session: OAuthSession) -> None:
    rows = OAuthSession.objects.filter(account_id=session.account_id).order_by("-refreshed_at")
    surplus = list(rows.values_list("pk", flat=True)[SESSIONS_MAX:])
    if surplus:
        OAuthSession.objects.filter(pk__in=surplus).delete()


def _end_replayed(host: Host, code_sha256: str) -> None:
    """A code that began a session came again: whoever has it may have the browser's cookies."""
    session = OAuthSession.objects.of(host).filter(code_sha256=code_sha256).first()
    if session is None:
        return
    with transaction.atomic():
        OAuthDeviceAccount.objects.filter(
            device_id=session.device_id, account_id=session.account_id
        ).delete()
        session.delete()


def _check_presenter(session: OAuthSession, presenter: Presenter) -> None:
    """Raise InvalidGrant; a wrong DPoP key is proof that the token was copied."""
    if session.client_id != presenter.client.client_id:
        raise InvalidGrant("The refresh token is another client's")
    if not presenter.auth.continues(ClientAuth.of(session.client_auth)):
        raise InvalidGrant("The session belongs to another key of the client")
    if not hmac.compare_digest(session.dpop_jkt.encode(), presenter.jkt.encode()):
        session.delete()
        raise InvalidGrant("The session is bound to another DPoP key, and has ended")


def _continued(
    host: Host, pk: UUID, number: int, presenter: Presenter, scope: str
) -> OAuthSession | None:
    """The session after this refresh; None when the token was copied: it has ended."""
    with transaction.atomic():
        rows = _of(host).select_for_update(of=("self",))
        session: OAuthSession | None = rows.filter(pk=pk).first()
        now = timezone.now()
        if session is None or session.refresh_until <= now:
            raise InvalidGrant("The session has ended")
        if not session.account.is_active:
            raise InvalidGrant("The account is not active")
        # Not only equal: after a database came back from its backup, clients know later numbers.
        if number >= session.generation:
            session.generation = number + 1
            session.refreshed_at = now
            session.refresh_until = _refresh_until(now, presenter.client, session.ends_at)
        elif number < session.generation - 1 or session.refreshed_at <= now - REFRESH_GRACE:
            session.delete()
            return None
        session.client_auth = presenter.auth.stored()
        session.scope = scope
        session.save()
        return session


def _refresh_until(now: datetime, client: Client, ends_at: datetime) -> datetime:
    return min(ends_at, now + (PUBLIC_LASTS if client.is_public else CONFIDENTIAL_REFRESH))


def _answer(host: Host, session: OAuthSession, client: Client) -> dict[str, Any]:
    """Source: RFC 6749 section 5.1, RFC 9449 section 5; `sub` is the profile's."""
    access_token, expires_in = access_tokens.make(host, session, session.account.did)
    answer = {
        "access_token": access_token,
        "token_type": "DPoP",
        "expires_in": expires_in,
        "scope": session.scope,
        "sub": session.account.did,
    }
    if REFRESH_GRANT in client.grant_types:
        answer["refresh_token"] = refresh_tokens.make(host, session)
    return answer
