"""The call: what a method is given and what it may give back, and nothing of DRF.

A method is a function `(call: Call) -> Answer`. The edge has by then found the host, read the
credentials, parsed the parameters and checked the input against the lexicon (xrpc.dispatch).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.service_auth.tokens import ServiceClaims
from hosting.models import Host
from protocol.oauth.permissions import Permissions
from server.web.bodies.decoded_bodies import Body
from server.web.bodies.ranges import Stored
from server.web.deferred_response import Responder


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the account's DID and the scope of the session token (protocol names).

    `session` is the session's id, empty for callers without one (services, the admin). Reading a
    token does not tell whether its session still stands: that is asked together with the caller's
    account or repo (`xrpc.auth.subjects`). `permissions` are those of an app that signed in by
    OAuth; None for everybody else, whom they do not bind. `actor` is the DID of a controller who
    acts for the account (accounts.delegation); empty for its owner.
    """

    did: str
    scope: str
    session: str = ""
    permissions: Permissions | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One checked request.

    `params` and `input` carry the lexicon's own (camelCase) names. `input` is `{}` where the method
    takes none or bytes; the bytes then wait, unread, in `body`. `bearer` is the raw token of
    methods declared with `Auth.refresh()`, empty elsewhere. `address` is the client's IP address.
    `service` is the service token of a caller that has no session (xrpc.auth.service_callers).
    `meta` is the request as WSGI has it, for what is handed on to another service (xrpc.proxy).
    """

    host: Host
    params: Mapping[str, Any]
    input: Mapping[str, Any]
    caller: Caller | None
    body: Body
    bearer: str = field(default="", repr=False)
    address: str = ""
    service: ServiceClaims | None = None
    meta: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def did(self) -> str:
        """The caller's DID; methods declared with `Auth.account` always have one."""
        return self.caller.did if self.caller else ""

    @property
    def permissions(self) -> Permissions | None:
        """What the calling app may do; None for a caller that is no app."""
        return self.caller.permissions if self.caller else None

    @property
    def actor(self) -> str:
        """The DID of the controller who acts for the account; empty for its owner."""
        return self.caller.actor if self.caller else ""

    @property
    def agent(self) -> str:
        """What the app calls itself."""
        return str(self.meta.get("HTTP_USER_AGENT", ""))

    @property
    def session(self) -> str:
        """The caller's session; empty for callers without one."""
        return self.caller.session if self.caller else ""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An answer that is JSON text already, so that stored records are not parsed to be printed."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer of bytes that are all there: no thread waits for a slow reader to take them."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer of bytes, sent as they come. `is_compressible` is false for blobs, always;
    `is_snapshot` says that they are read from one, which should not wait for a slow client."""

    chunks: Iterable[bytes]
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    is_compressible: bool = False
    is_snapshot: bool = False


@dataclass(frozen=True, slots=True)
class HandedOn:
    """An answer that comes from another service, on the event loop, without a thread of ours."""

    responder: Responder


Answer = Mapping[str, Any] | Encoded | Whole | Streamed | Stored | HandedOn | None
