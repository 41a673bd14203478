"""Auth requirements of methods, declared as a value beside each.

Source: atproto.com/specs/xrpc "Authentication", and the session scopes that clients meet in
`com.atproto.server.createSession`. The statuses look odd and are the protocol's: a session token
that is bad, expired or of the wrong scope is a 400, only a missing one is a 401. A token signed by
another host of this server fails like any forged one, because each host has its own secret.
"""

from dataclasses import dataclass, field
from enum import Enum

from django.http import HttpRequest

from accounts.authentication import live_sessions, session_tokens
from accounts.authentication.session_tokens import InvalidToken
from accounts.service_auth.tokens import ServiceClaims
from hosting.models import Host
from protocol.errors import XrpcError
from xrpc.auth import apps, service_callers, staff
from xrpc.request.call import Caller
from xrpc.response.errors import AuthenticationRequired, AuthMissing

FULL = frozenset({session_tokens.ACCESS_SCOPE})  # the main password alone
PRIV = FULL | {session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE}
STANDARD = PRIV | {session_tokens.APP_PASSWORD_SCOPE}
LEAVING = FULL | {session_tokens.TAKENDOWN_SCOPE}  # those whom the host took down, too

BASIC, BEARER, DPOP = "basic", "bearer", "dpop"


class Kind(Enum):
    """The ways in which a method treats the Authorization header."""

    NONE = "ignored"
    ACCOUNT = "a session of an account, required"
    ACCOUNT_OR_SERVICE = "a session, or a service that the account sent"
    ACCOUNT_OR_BEARER = "a session, or a service's token that the verb reads itself"
    USER_SERVICE = "anyone; who has a DID may show a service token, which the verb has proven"
    REFRESH = "a refresh token, read by the verb itself"
    OPTIONAL_OWNER = "anyone; the owner of the subject may see more, and so may the admin"
    ADMIN = "the host's admin password"
    MODERATOR = "the host's admin password or its moderation service's token"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the header proved: the caller, or the raw token where a verb reads it itself."""

    caller: Caller | None = None
    bearer: str = field(default="", repr=False)
    service: ServiceClaims | None = None


ANONYMOUS = Credentials()
_FOR_STAFF = (Kind.ADMIN, Kind.MODERATOR)
_FOR_ACCOUNTS = (
    Kind.ACCOUNT,
    Kind.ACCOUNT_OR_SERVICE,
    Kind.ACCOUNT_OR_BEARER,
    Kind.OPTIONAL_OWNER,
)
_OPTIONAL = (Kind.OPTIONAL_OWNER, Kind.USER_SERVICE)


@dataclass(frozen=True, slots=True)
class Auth:
    """A declaration: `Auth.none()`, `.account(scopes)`, `.refresh()`, `.optional_owner()`."""

    kind: Kind
    scopes: frozenset[str] = frozenset()

    @classmethod
    def none(cls) -> "Auth":
        return cls(Kind.NONE)

    @classmethod
    def account(cls, scopes: frozenset[str] = STANDARD) -> "Auth":
        """A session whose scope is one of `scopes`."""
        return cls(Kind.ACCOUNT, scopes)

    @classmethod
    def account_or_service(cls, scopes: frozenset[str] = STANDARD) -> "Auth":
        """As `account`, or a service token by which somebody with an account here sends a service;
        `service_callers.spending` sees to it that the token serves once."""
        return cls(Kind.ACCOUNT_OR_SERVICE, scopes)

    @classmethod
    def account_or_bearer(cls, scopes: frozenset[str] = STANDARD) -> "Auth":
        """As `account`, or a service token in `call.bearer`, unread: reading it may take long, so
        the verb has that done in the pool `remote` (xrpc.proxy.plans.PoolWork)."""
        return cls(Kind.ACCOUNT_OR_BEARER, scopes)

    @classmethod
    def user_service(cls) -> "Auth":
        """No header is fine. A service token that is well made, for this host and this method, is
        in `call.service`, unproven: `service_callers.prove` asks the network, in pool `lookup`."""
        return cls(Kind.USER_SERVICE)

    @classmethod
    def refresh(cls) -> "Auth":
        """The method's verb checks the refresh token; `call.bearer` carries it."""
        return cls(Kind.REFRESH)

    @classmethod
    def optional_owner(cls) -> "Auth":
        """No header is fine; a header that proves nothing is not taken for none."""
        return cls(Kind.OPTIONAL_OWNER, STANDARD | {session_tokens.TAKENDOWN_SCOPE})

    @classmethod
    def admin(cls) -> "Auth":
        """The host's admin: Basic `admin:<password>`."""
        return cls(Kind.ADMIN)

    @classmethod
    def moderator(cls) -> "Auth":
        """The host's admin or its moderation service; what staff may call has a pool of its own."""
        return cls(Kind.MODERATOR)

    @property
    def reads_credentials(self) -> bool:
        """Whether the answer may depend on who asks."""
        return self.kind is not Kind.NONE

    @property
    def is_for_staff(self) -> bool:
        """Whether nobody but the host's admin or moderation service may call."""
        return self.kind in _FOR_STAFF

    @property
    def takes_accounts(self) -> bool:
        """Whether the credentials of an account, an app's too, are read at all."""
        return self.kind in _FOR_ACCOUNTS

    def read(self, request: HttpRequest, host: Host) -> Credentials:
        """The credentials of a request. Raises AuthMissing, InvalidToken, ExpiredToken.

        A session's token is read without a query, so a session that was ended is found out by
        whoever looks up the account (xrpc.auth.subjects).
        """
        if not self.reads_credentials:
            return ANONYMOUS
        header = request.META.get("HTTP_AUTHORIZATION")
        if not header:  # an empty one says nothing
            if self.kind in _OPTIONAL:
                return ANONYMOUS
            raise AuthMissing
        scheme, credential = parse_header(header)
        if self.kind in _FOR_STAFF:
            return Credentials(caller=self._staff(request, host, scheme, credential))
        if scheme != BEARER:
            return Credentials(caller=self._other_caller(request, host, scheme, credential))
        if self.kind is Kind.REFRESH:
            return Credentials(bearer=credential)
        return self._bearer(request, host, credential)

    def session_caller(self, host: Host, header: str) -> Caller:
        """The caller by an Authorization header that has the access token of a password's session,
        without asking anybody. Raises InvalidToken, ExpiredToken for every other header too."""
        scheme, credential = parse_header(header)
        if scheme != BEARER or self.kind not in _FOR_ACCOUNTS:
            raise self._wrong_scheme()
        apps.refuse_without_proof(credential)
        claims = session_tokens.read_access(host, credential)
        if claims.scope not in self.scopes or not claims.session:
            raise InvalidToken("Bad token scope")
        return Caller(claims.did, claims.scope, claims.session)

    def known_admin(self, host: Host, header: str) -> str:
        """As `staff.known_admin`, by an Authorization header; raises InvalidToken for another."""
        scheme, credential = parse_header(header)
        if scheme != BASIC or not self.is_for_staff:
            raise self._wrong_scheme()
        return staff.known_admin(host, credential)

    def _other_caller(
        self, request: HttpRequest, host: Host, scheme: str, credential: str
    ) -> Caller:
        if scheme == BASIC and self.kind is Kind.OPTIONAL_OWNER:
            return staff.admin(request, host, credential)
        if scheme == DPOP and self.kind in _FOR_ACCOUNTS:
            return apps.caller(request, host, credential)
        raise self._wrong_scheme()

    def _bearer(self, request: HttpRequest, host: Host, jwt: str) -> Credentials:
        if self.kind is Kind.USER_SERVICE:
            claims = service_callers.unproven(request, host, jwt)
            return Credentials(bearer=jwt, service=claims)
        if self.kind is Kind.ACCOUNT_OR_SERVICE and service_callers.is_service_token(jwt):
            claims = service_callers.own_person(request, host, jwt)
            return Credentials(Caller(claims.did, service_callers.SERVICE_SCOPE), service=claims)
        if self.kind is Kind.ACCOUNT_OR_BEARER and service_callers.is_service_token(jwt):
            return Credentials(bearer=jwt)
        return Credentials(caller=self._caller(host, jwt))

    def _staff(self, request: HttpRequest, host: Host, scheme: str, credential: str) -> Caller:
        if scheme == BASIC:
            return staff.admin(request, host, credential)
        if scheme == BEARER and self.kind is Kind.MODERATOR:
            return staff.moderator(request, host, credential)
        raise AuthenticationRequired("Authentication Required")

    def _caller(self, host: Host, jwt: str) -> Caller:
        apps.refuse_without_proof(jwt)
        claims = session_tokens.read_access(host, jwt)
        if claims.scope not in self.scopes:
            raise InvalidToken("Bad token scope")
        session = claims.session or live_sessions.of_older_token(host, claims)
        return Caller(claims.did, claims.scope, session)

    def _wrong_scheme(self) -> XrpcError:
        if self.kind is Kind.OPTIONAL_OWNER:
            return AuthenticationRequired("Invalid authorization header")
        if self.kind is Kind.REFRESH:  # of which only a bearer has one
            return AuthMissing()
        return InvalidToken("Unexpected authorization type")


def parse_header(header: str) -> tuple[str, str]:
    """`Scheme credential` -> (scheme in lower case, credential). Raises InvalidToken."""
    words = header.split()
    if len(words) != 2:
        raise InvalidToken("Malformed authorization header")
    scheme = words[0].lower()
    if scheme not in (BASIC, BEARER, DPOP):
        raise InvalidToken(f"Unsupported authorization type: {words[0]}")
    return scheme, words[1]
