"""Which buckets a method touches, declared beside it: `@procedure(..., limits=(rate_limits.X,))`.

Source: the buckets that clients of atproto servers meet. Every request takes a point of its
network's budget before anything else is looked at; what a method declares is taken together, once
the call is known to be well formed. Every answer under a limit says how the tightest budget stands.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.credentials import InvalidLogin
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, MINUTE_S, Bucket, Budget, Charge, Standing
from hosting.routing import host_of
from protocol.errors import XrpcError
from xrpc.call import Call

Who = Callable[[Call], tuple[str, ...]]
Points = Callable[[Call], int]

GET_REPO_NSID: Final = "com.atproto.sync.getRepo"
REQUESTS: Final = Bucket("requests", (Budget(3_000, 5 * MINUTE_S),), slack=50)
GET_REPO: Final = Bucket("get-repo", (Budget(6_000, 5 * MINUTE_S),), slack=50)


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket, whose it is in a call, and how many points the call costs.

    With `wrong`, a call costs something only if that error is raised.
    """

    bucket: Bucket
    who: Who
    points: Points = lambda _call: 1
    wrong: type[XrpcError] | None = None

    def charge(self, call: Call) -> Charge:
        return Charge(self.bucket, self.who(call), self.points(call))


def by_network(call: Call) -> tuple[str, ...]:
    """One budget for a client's network."""
    return (limits.network(call.address),)


def by_did(call: Call) -> tuple[str, ...]:
    """One budget for the account that calls."""
    return (call.did,)


def by_identifier(call: Call) -> tuple[str, ...]:
    """One budget for the name that is tried, from one network."""
    return call.input["identifier"].strip().lower(), limits.network(call.address)


def of_network(name: str, *budgets: Budget) -> Limit:
    """A limit of its own kind, by the client's network."""
    return Limit(Bucket(name, budgets), by_network)


def of_account(name: str, *budgets: Budget) -> Limit:
    """A limit of its own kind, by the caller's DID."""
    return Limit(Bucket(name, budgets), by_did)


_WRITES = Bucket("repo-writes", (Budget(5_000, HOUR_S), Budget(35_000, DAY_S)), slack=150)
_CREATE, _UPDATE, _DELETE = 3, 2, 1
_POINTS_OF = {"create": _CREATE, "update": _UPDATE, "delete": _DELETE}


def _points_of_writes(call: Call) -> int:
    """applyWrites costs what its writes cost one by one."""
    return sum(_POINTS_OF[wish["$type"].rpartition("#")[2]] for wish in call.input["writes"])


CREATE_RECORD: Final = Limit(_WRITES, by_did, lambda _call: _CREATE)
PUT_RECORD: Final = Limit(_WRITES, by_did, lambda _call: _UPDATE)
DELETE_RECORD: Final = Limit(_WRITES, by_did, lambda _call: _DELETE)
APPLY_WRITES: Final = Limit(_WRITES, by_did, _points_of_writes)
UPLOAD_BLOB: Final = of_account("upload-blob", Budget(1_000, DAY_S))

CREATE_ACCOUNT: Final = Limit(limits.SIGN_UP, by_network)
# Each proof may have a server asked that the client names.
PROVE_DID: Final = Limit(
    Bucket("service-token-proofs", (Budget(100, 5 * MINUTE_S),)),
    by_network,
    lambda call: 1 if call.input.get("did") else 0,
)
CREATE_SESSION: Final = Limit(limits.LOGIN, by_identifier)
GUESSES: Final = Limit(limits.GUESSES, by_network, wrong=InvalidLogin)
DELETE_ACCOUNT: Final = of_network("delete-account", Budget(50, 5 * MINUTE_S))
RESET_PASSWORD: Final = Limit(limits.RESET_PASSWORD, by_network)
REQUEST_PASSWORD_RESET: Final = Limit(limits.REQUEST_PASSWORD_RESET, by_network)

_MAILS = (Budget(5, HOUR_S), Budget(15, DAY_S))
REQUEST_ACCOUNT_DELETE: Final = of_account("request-account-delete", *_MAILS)
REQUEST_EMAIL_CONFIRMATION: Final = of_account("request-email-confirmation", *_MAILS)
REQUEST_EMAIL_UPDATE: Final = of_account("request-email-update", *_MAILS)
REQUEST_PLC_SIGNATURE: Final = of_account("request-plc-signature", *_MAILS)
RESERVE_SIGNING_KEY: Final = of_network("reserve-signing-key", Budget(50, HOUR_S))
RESOLVE_LEXICON: Final = of_network("resolve-lexicon", Budget(300, 5 * MINUTE_S))
# Each of these is a row that stays, a question to other servers, or both.
SUBMIT_PLC_OPERATION: Final = of_account(
    "submit-plc-operation", Budget(30, 5 * MINUTE_S), Budget(200, DAY_S)
)
REFRESH_IDENTITY: Final = of_account("refresh-identity", Budget(60, 5 * MINUTE_S))
CREATE_REPORT: Final = of_account("create-report", Budget(100, HOUR_S), Budget(500, DAY_S))
UPDATE_HANDLE: Final = of_account("update-handle", Budget(10, 5 * MINUTE_S), Budget(50, DAY_S))


class Meter:
    """What one request is charged, and how the tightest of its budgets stands."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._is_exempt = limits.is_exempt(request)
        self._tightest: Standing | None = None
        self._declared: tuple[Charge, ...] = ()

    def enter(self, nsid: str) -> None:
        """Charge the client's network for a request. Raises RateLimitExceeded."""
        if not self._is_exempt:
            network = limits.network(self._request.META.get("REMOTE_ADDR", ""))
            self._spend(_entrance(network, is_export=nsid == GET_REPO_NSID))

    def charge(self, declared: tuple[Limit, ...], call: Call) -> None:
        """Charge what a method declares, all of it or nothing. Raises RateLimitExceeded."""
        if declared and not self._is_exempt:
            charges = tuple(limit.charge(call) for limit in declared if limit.wrong is None)
            if charges:
                self._spend(charges)
                self._declared = charges

    def guessing(self, declared: tuple[Limit, ...]) -> AbstractContextManager[None]:
        """Around the method: charge wrong guesses. Raises RateLimitExceeded."""
        for limit in declared:
            if limit.wrong is not None:
                return limits.guessing(self._request, host_of(self._request), limit.wrong)
        return nullcontext()

    @contextmanager
    def sparing(self, stranger: type[XrpcError]) -> Iterator[None]:
        """Around the method: who turns out to be a stranger has spent nothing of the account's
        budgets that its token named. The network's own budget stays spent."""
        try:
            yield
        except stranger:
            if self._declared:
                limits.give_back(host_of(self._request), self._declared)
            raise

    def mark(self, response: HttpResponseBase) -> None:
        """Say on the answer how the tightest budget stands; a refusal has said so already."""
        if self._tightest is not None and not response.has_header("RateLimit-Limit"):
            for name, value in self._tightest.headers.items():
                response[name] = value

    def _spend(self, charges: tuple[Charge, ...]) -> None:
        standing = limits.spend_charges(host_of(self._request), charges)
        if self._tightest is None or standing.remaining < self._tightest.remaining:
            self._tightest = standing


@lru_cache(maxsize=20_000)
def _entrance(network: str, *, is_export: bool) -> tuple[Charge, ...]:
    return (Charge(GET_REPO if is_export else REQUESTS, (network,)),)
