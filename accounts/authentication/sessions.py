"""Sessions: password login and refresh tokens (com.atproto.server.createSession and siblings).

Refreshing rotates. The token that was used stays good for two hours, but always leads to the same
successor, so that tabs and apps which refresh at once all end up with one and the same session.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import is_password_usable
from django.db import transaction
from django.utils import timezone

from accounts.authentication import (
    app_passwords,
    session_tokens,
    sign_in_alerts,
)
from accounts.authentication.credentials import InvalidLogin, Login, authenticate_app, find
from accounts.authentication.factors import second_step
from accounts.authentication.sign_in_alerts import UNKNOWN_CLIENT, Client, Way
from accounts.models import (
    Account,
    AppPassword,
    OpenIdIdentity,
    Session,
    account_lookups,
    session_rows,
)
from accounts.status import (
    AccountNotFound,
    AccountTakedown,
    lock_for_refresh,
    lock_open,
)
from hosting.models import Host
from hosting.tenancy import suspension
from protocol.errors import XrpcError
from server.database import model_rows

REFRESH_GRACE = timedelta(hours=2)
_REFRESH_LIFETIME_S = session_tokens.REFRESH_LIFETIME_DAYS * 86_400


@dataclass(frozen=True)
class Tokens:
    """A pair of fresh tokens and the account they are for."""

    access_jwt: str
    refresh_jwt: str
    account: Account


@dataclass(frozen=True)
class LoginContext:
    """What comes with a password: a code of the second factor, the IP address it all came from, and
    what the app calls itself."""

    code: str = ""
    address: str = ""
    agent: str = ""

    @property
    def client(self) -> Client:
        return Client(self.address, self.agent)


class OAuthRequired(XrpcError):
    """401: the owner lets apps sign in by OAuth alone."""

    name = "OAuthRequired"
    status = 401
    message = "This account signs in to apps by OAuth only"


def log_in(
    host: Host,
    identifier: str,
    password: str,
    context: LoginContext = LoginContext(),
    *,
    allow_takendown: bool = False,
) -> Tokens:
    """Log in with handle, e-mail or DID and the main password, or an app password.

    Raises `InvalidLogin` (unknown and wrong alike, after 350 ms at least), `AccountTakedown`,
    `TenantSuspended`, and for the main password of who has a second factor what
    `second_step.require` raises; for whose apps sign in by OAuth alone, or who has no password,
    `OAuthRequired`, `AppPasswordsBlocked`. With `allow_takendown` a taken-down person, or one of a
    suspended tenant, who knows the main password gets a token that only serves to move away.
    """
    try:
        login = authenticate_app(host, identifier, password, context.client)
    except InvalidLogin:
        _refuse_without_password(host, identifier)
        raise
    is_main = login.app_password is None
    if not allow_takendown:
        suspension.refuse_suspended(host)
    _refuse_passwords(login, allow_takendown=allow_takendown)
    way = Way.PASSWORD if is_main else Way.APP_PASSWORD
    if is_main and (login.account.taken_down_at is None or allow_takendown):
        is_asked = second_step.require(login.account, context.code, context.client)
        way = Way.TWO_STEPS if is_asked else way
    try:
        tokens = begin_with(login, context.client, allow_takendown=allow_takendown)
    except AccountNotFound:
        raise InvalidLogin from None  # deleted in this very moment
    if is_main and tokens.account.taken_down_at is None:
        sign_in_alerts.note(tokens.account, context.client, way)
    elif not is_main:
        sign_in_alerts.record(tokens.account, context.client, way, is_success=True)
    return tokens


def begin(account: Account, client: Client = UNKNOWN_CLIENT) -> Tokens:
    """Start a session with full rights, as after sign-up. Raises `AccountTakedown`,
    `AccountNotFound`."""
    return begin_with(Login(account), client)


def begin_first(account: Account, client: Client) -> Tokens:
    """The same, and where its owner is, in one transaction. Raises as `begin`."""
    with transaction.atomic():
        tokens = begin(account, client)
        sign_in_alerts.note(account, client)
    return tokens


def begin_with(
    login: Login, client: Client = UNKNOWN_CLIENT, *, allow_takendown: bool = False
) -> Tokens:
    """Start a session with the rights of the password that was given. Raises as `log_in`."""
    password = login.app_password
    with transaction.atomic():
        account = lock_open(login.account)
        scope = _scope_of(account, password, allow_takendown=allow_takendown)
        _refuse_old_password(account, login)
        if account.is_oauth_only and not login.account.is_oauth_only:
            raise OAuthRequired  # since this very moment
        name = None if password is None else password.name
        session = _new(account, uuid.uuid4(), scope, name)
        session.signed_in_at = session.created_at
        session.place, session.agent = client.place, client.name
        model_rows.insert(session)
        if password is not None:
            app_passwords.note_use(password)
    return _pair(account, session)


def refresh(host: Host, refresh_jwt: str) -> Tokens:
    """Trade a refresh token for new tokens.

    Raises `InvalidToken`, `ExpiredToken` (also for a token that was revoked), `AccountTakedown`,
    `AccountNotFound`.
    """
    claims = session_tokens.read_refresh(host, refresh_jwt)
    if (found := _refreshed(host, claims)) is not None:
        return found
    with transaction.atomic():
        # One refresh at a time for an account, and none while it is being taken down.
        account = lock_for_refresh(host, claims.did)
        session = session_rows.find(account.pk, claims.jti)
        is_over = session is None or _is_past_grace(session)
        if session is None or is_over or session.scope == session_tokens.TAKENDOWN_SCOPE:
            raise session_tokens.ExpiredToken("Token has been revoked")
        return _pair(account, _successor(account, session))


def _refreshed(host: Host, claims: session_tokens.Claims) -> Tokens | None:
    """What is plain: a session that stands, of an open account; nearly all are."""
    lifetimes = session_rows.Lifetimes(int(REFRESH_GRACE.total_seconds()), _REFRESH_LIFETIME_S)
    found = session_rows.refresh(
        host,
        claims.did,
        claims.jti,
        _new_jti(),
        lifetimes=lifetimes,
        but_scope=session_tokens.TAKENDOWN_SCOPE,
    )
    if found is None:
        return None
    did = found.account.did
    return Tokens(
        session_tokens.make_access(host, did, found.scope, found.lineage),
        session_tokens.make_refresh(host, did, found.jti, found.expires_at),
        found.account,
    )


def end(host: Host, refresh_jwt: str) -> None:
    """Sign out: end this login and its successors, leave the account's others alone.

    An expired token will do, and so will one whose session has already ended. Raises
    `InvalidToken`.
    """
    claims = session_tokens.read_refresh_of_any_age(host, refresh_jwt)
    with transaction.atomic():
        # a refresh that runs beside us must not leave a successor behind
        account = account_lookups.lock_open(host, claims.did)
        if account is not None:
            session_rows.end(account.pk, claims.jti)


def forget_expired() -> None:
    """The sweep: sessions whose refresh token can no longer be used."""
    now = timezone.now()
    free = Session.objects.filter(account__held_at=None)
    free.filter(expires_at__lt=now).delete()
    free.filter(grace_ends_at__lt=now).delete()


def _refuse_passwords(login: Login, *, allow_takendown: bool) -> None:
    """Raise for a password where apps sign in by OAuth alone; who was taken down can move away with
    the main one."""
    if not login.account.is_oauth_only:
        return
    if login.app_password is not None:
        raise app_passwords.AppPasswordsBlocked
    if login.account.taken_down_at is None or not allow_takendown:
        raise OAuthRequired


def _refuse_without_password(host: Host, identifier: str) -> None:
    """Raise OAuthRequired for an account that has no password, as its owner signs in at a provider
    of the tenant. Only for who names it by what is public anyway: whether an address has an account
    is nobody's business."""
    account = find(host, identifier) if "@" not in identifier.strip().removeprefix("@") else None
    if account is None or is_password_usable(account.password):
        return
    if OpenIdIdentity.objects.filter(account=account).exists():
        raise OAuthRequired("This account has no password: sign in by OAuth")


def _refuse_old_password(locked: Account, login: Login) -> None:
    """Raise InvalidLogin for a password that was changed or revoked in this very moment: ending
    everybody's sessions must not miss the one that is just beginning."""
    app_password = login.app_password
    is_known = locked.password == login.account.password
    if app_password is not None:
        is_known = AppPassword.objects.filter(pk=app_password.pk).exists()
    if not is_known:
        raise InvalidLogin


def _scope_of(account: Account, app_password: AppPassword | None, *, allow_takendown: bool) -> str:
    """What a session may do. Raises AccountTakedown, TenantSuspended, but for the main password of
    who is allowed to move away."""
    is_leaving = allow_takendown and app_password is None
    if account.taken_down_at is not None:
        if not is_leaving:
            raise AccountTakedown
        return session_tokens.TAKENDOWN_SCOPE
    if suspension.is_suspended(account.host):
        if not is_leaving:
            raise suspension.TenantSuspended(account.host)
        return session_tokens.TAKENDOWN_SCOPE
    if app_password is None:
        return session_tokens.ACCESS_SCOPE
    if app_password.is_privileged:
        return session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE
    return session_tokens.APP_PASSWORD_SCOPE


def _new(account: Account, lineage: uuid.UUID, scope: str, name: str | None) -> Session:
    """A session that is not a row yet. The refresh token of a taken-down account ends the session
    and does nothing else, so it lives no longer than the access token."""
    now = timezone.now()
    lifetime = timedelta(days=session_tokens.REFRESH_LIFETIME_DAYS)
    if scope == session_tokens.TAKENDOWN_SCOPE:
        lifetime = timedelta(seconds=session_tokens.ACCESS_LIFETIME_S)
    return Session(
        jti=_new_jti(),
        account=account,
        lineage=lineage,
        scope=scope,
        app_password_name=name,
        created_at=now,
        expires_at=now + lifetime,
    )


def _new_jti() -> str:
    return secrets.token_urlsafe(32)


def _is_past_grace(session: Session) -> bool:
    return session.grace_ends_at is not None and session.grace_ends_at <= timezone.now()


def _successor(account: Account, session: Session) -> Session:
    """The one session that follows, made on the first refresh and found on every other. Raises
    ExpiredToken when that one was ended."""
    if session.next_jti is not None:
        found = session_rows.find(session.account_id, session.next_jti)
        if found is None:
            raise session_tokens.ExpiredToken("Token has been revoked")
        return found
    successor = _new(account, session.lineage, session.scope, session.app_password_name)
    successor.signed_in_at = session.signed_in_at
    successor.place, successor.agent = session.place, session.agent
    session_rows.succeed(session, successor, grace_ends_at=timezone.now() + REFRESH_GRACE)
    return successor


def _pair(account: Account, session: Session) -> Tokens:
    return Tokens(
        access_jwt=_access(account, session),
        refresh_jwt=session_tokens.make_refresh(
            account.host, account.did, session.jti, session.expires_at
        ),
        account=account,
    )


def _access(account: Account, session: Session) -> str:
    return session_tokens.make_access(account.host, account.did, session.scope, session.lineage)
