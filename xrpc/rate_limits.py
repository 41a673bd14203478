"""Rate limits of methods, declared beside each: `@procedure(..., limits=(rate_limits.X,))`.

Source: the buckets that clients of atproto servers meet. Every request takes a point of its
network's budget before anything else is looked at; what a method declares is taken together, once
the call is known to be well formed. Every answer under a limit says how the tightest budget stands.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.authentication import credentials
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, MINUTE_S, Bucket, Budget, BudgetState, Charge, bucket
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from server.web import process_limits
from xrpc.request.call import Call

Who = Callable[[Call], tuple[str, ...]]
Points = Callable[[Call], int]

GET_REPO_NSID: Final = "com.atproto.sync.getRepo"
REQUESTS: Final = limits.REQUESTS
GET_REPO: Final = bucket("get-repo", Budget(6_000, 5 * MINUTE_S), slack=50)


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket, whose it is in a call, and how many points the call costs. By network, unless
    `is_by_network` is false, and by the wider one around it.

    With `wrong`, a call is an attempt at somebody's password (limits.logging_in). With `is_by_size`
    it costs a point for each 1,024 bytes of its body, decoded, taken while they come in.
    """

    bucket: Bucket
    who: Who
    points: Points = lambda _call: 1
    wrong: type[XrpcError] | None = None
    is_by_network: bool = False
    is_by_size: bool = False

    def charges(self, call: Call) -> tuple[Charge, ...]:
        """What a call costs."""
        points, who = self.points(call), self.who(call)
        if self.is_by_network:
            return limits.charges(self.bucket, who, limits.network(call.address), points)
        return (Charge(self.bucket, who, points),)


def nobody(_call: Call) -> tuple[str, ...]:
    """One budget for a client's network, whoever calls."""
    return ()


def by_did(call: Call) -> tuple[str, ...]:
    """One budget for the account that calls."""
    return (call.did,)


def by_identifier(call: Call) -> tuple[str, ...]:
    """One budget for the account whose password is tried; for the name, when it has none."""
    return (credentials.counted_as(call.host, call.input["identifier"]),)


def by_named_did(call: Call) -> tuple[str, ...]:
    """As `by_identifier`, where the account is named by its DID."""
    return (credentials.counted_as(call.host, call.input["did"]),)


def of_network(name: str, *budgets: Budget) -> Limit:
    """A limit of its own kind, by the client's network."""
    return _by_network(bucket(name, *budgets))


def of_account(name: str, *budgets: Budget) -> Limit:
    """A limit of its own kind, by the caller's DID."""
    return Limit(bucket(name, *budgets), by_did)


def _by_network(counted: Bucket, points: Points = lambda _call: 1) -> Limit:
    return Limit(counted, nobody, points, is_by_network=True)


_CREATE, _UPDATE, _DELETE = 3, 2, 1
_POINTS_OF = {"create": _CREATE, "update": _UPDATE, "delete": _DELETE}


# Large records take more of a process than small ones; an account may write 150 MB an hour.
_BYTES_A_POINT = 32_768


def _points_of_writes(call: Call) -> int:
    """applyWrites costs what its writes cost one by one."""
    kinds = (wanted["$type"].rpartition("#")[2] for wanted in call.input["writes"])
    return sum(_POINTS_OF[kind] for kind in kinds) + _points_of_size(call)


def _points_of_size(call: Call) -> int:
    return call.body.read_bytes // _BYTES_A_POINT


CREATE_RECORD: Final = Limit(limits.WRITES, by_did, lambda call: _CREATE + _points_of_size(call))
PUT_RECORD: Final = Limit(limits.WRITES, by_did, lambda call: _UPDATE + _points_of_size(call))
DELETE_RECORD: Final = Limit(limits.WRITES, by_did, lambda _call: _DELETE)
APPLY_WRITES: Final = Limit(limits.WRITES, by_did, _points_of_writes)
UPLOAD_BLOB: Final = Limit(limits.UPLOAD_BLOB, by_did)
# 2 GB of bodies: a point is 1,024 bytes, decoded
UPLOADED_BYTES: Final = Limit(
    bucket("uploaded-kib", Budget(2_000_000, DAY_S), slack=20_000), by_did, is_by_size=True
)
IMPORT_REPO: Final = Limit(limits.IMPORT_REPO, by_did)
IMPORT_WRITES: Final = Limit(limits.WRITES, by_did)

CREATE_ACCOUNT: Final = _by_network(limits.SIGN_UP)
# Each proof may have a server asked that the client names.
_PROOFS: Final = bucket("service-token-proofs", Budget(100, 5 * MINUTE_S))
PROVE_DID: Final = _by_network(_PROOFS, lambda call: 1 if call.input.get("did") else 0)
PROVE_AUTHORITY: Final = _by_network(_PROOFS)
CREATE_SESSION: Final = Limit(limits.LOGIN, by_identifier, wrong=credentials.InvalidLogin)
PASSWORD_OF_DID: Final = Limit(limits.LOGIN, by_named_did, wrong=credentials.InvalidLogin)
DELETE_ACCOUNT: Final = of_network("delete-account", Budget(50, 5 * MINUTE_S))
RESET_PASSWORD: Final = _by_network(limits.RESET_PASSWORD)
REQUEST_PASSWORD_RESET: Final = _by_network(limits.REQUEST_PASSWORD_RESET)

_MAILS = (Budget(5, HOUR_S), Budget(15, DAY_S))
REQUEST_ACCOUNT_DELETE: Final = of_account("request-account-delete", *_MAILS)
REQUEST_EMAIL_CONFIRMATION: Final = of_account("request-email-confirmation", *_MAILS)
REQUEST_EMAIL_UPDATE: Final = of_account("request-email-update", *_MAILS)
REQUEST_PLC_SIGNATURE: Final = of_account("request-plc-signature", *_MAILS)
RESERVE_SIGNING_KEY: Final = of_network("reserve-signing-key", Budget(50, HOUR_S))
RESOLVE_LEXICON: Final = of_network("resolve-lexicon", Budget(300, 5 * MINUTE_S))
QUERY_LABELS: Final = of_network("query-labels", Budget(1_500, 5 * MINUTE_S))
# Each of these is a row that stays, a question to other servers, or both.
SUBMIT_PLC_OPERATION: Final = of_account(
    "submit-plc-operation", Budget(30, 5 * MINUTE_S), Budget(200, DAY_S)
)
SIGN_PLC_OPERATION: Final = of_account("sign-plc-operation", Budget(30, 5 * MINUTE_S))
# Rows that are written anew, e-mails, or events that every reader of the firehose gets
REFRESH_SESSION: Final = of_network("refresh-session", Budget(1_500, 5 * MINUTE_S))
CREATE_APP_PASSWORD: Final = of_account(
    "create-app-password", Budget(30, HOUR_S), Budget(100, DAY_S)
)
CHANGE_STATUS: Final = of_account("change-status", Budget(30, HOUR_S), Budget(100, DAY_S))
UPDATE_EMAIL: Final = of_account("update-email", Budget(30, HOUR_S), Budget(100, DAY_S))
PUT_PREFERENCES: Final = of_account("put-preferences", Budget(600, HOUR_S), Budget(5_000, DAY_S))
REFRESH_IDENTITY: Final = of_account("refresh-identity", Budget(60, 5 * MINUTE_S))
# Who comes with a service token is charged by their DID when it is proven, and by network before.
CREATE_REPORT: Final = Limit(
    bucket("create-report", Budget(100, HOUR_S), Budget(500, DAY_S)),
    by_did,
    lambda call: 0 if call.bearer else 1,
)
REPORT_FROM_ELSEWHERE: Final = _by_network(
    bucket("reports-from-elsewhere", Budget(600, 5 * MINUTE_S)),
    lambda call: 1 if call.bearer else 0,
)
UPDATE_HANDLE: Final = of_account("update-handle", Budget(10, 5 * MINUTE_S), Budget(50, DAY_S))


# Calls of one account, from whatever networks, that wait for others in one process
ACCOUNT_CALLS_MAX: Final = process_limits.ACCOUNT_CALLS
_WAITING_POOLS: Final = frozenset({"remote", "lookup"})
_under_way: Final = limits.ConcurrencyLimit()
_NOTHING: Final = nullcontext()


# Imports under way in one process: each holds a thread and up to a gigabyte of the disk
ACCOUNT_IMPORTS_MAX: Final = process_limits.ACCOUNT_IMPORTS
NETWORK_IMPORTS_MAX: Final = process_limits.NETWORK_IMPORTS
_imports: Final = limits.ConcurrencyLimit()


def importing(call: Call) -> AbstractContextManager[None]:
    """Around an import: few of an account, and few of a network, at a time. Raises
    RateLimitExceeded."""
    if not settings.RATE_LIMITS:
        return _NOTHING
    own = ((call.host.pk, call.did), ACCOUNT_IMPORTS_MAX)
    return _imports.hold([own, (limits.network(call.address), NETWORK_IMPORTS_MAX)])


class Throttle:
    """What one request is charged, and how the tightest of its budgets stands."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._is_exempt = limits.is_exempt(request)
        self._tightest: BudgetState | None = None
        self._declared: tuple[Charge, ...] = ()

    def count_request(self, nsid: str) -> None:
        """Charge the client's network for a request. Raises RateLimitExceeded."""
        if not self._is_exempt:
            meta = self._request.META
            network = limits.network(meta.get("REMOTE_ADDR", ""))
            try:
                self._spend(request_charges(network, is_export=nsid == GET_REPO_NSID))
            except limits.RateLimitExceeded as error:
                limits.refused.note((network, meta.get("HTTP_HOST", ""), f"/xrpc/{nsid}"), error)
                raise

    def charge(self, declared: tuple[Limit, ...], call: Call) -> None:
        """Charge what a method declares, all of it or nothing. Raises RateLimitExceeded."""
        if declared and not self._is_exempt:
            charges = tuple(
                charge
                for limit in declared
                if limit.wrong is None and not limit.is_by_size
                for charge in limit.charges(call)
            )
            if charges:
                self._spend(charges)
                self._declared = charges
            for limit in declared:
                if limit.is_by_size:
                    call.body.count_with(self._size_counter(limit, call))

    def running(
        self, declared: tuple[Limit, ...], pool: str, call: Call
    ) -> AbstractContextManager[Any]:
        """Around the method: charge attempts at a password, and count what an account has under
        way where others are waited for. Raises RateLimitExceeded."""
        if pool in _WAITING_POOLS and call.did and not self._is_exempt:
            return _under_way.hold([((call.host.pk, call.did), ACCOUNT_CALLS_MAX)])
        for limit in declared:
            if limit.wrong is not None:
                return self._logging_in(limit.who(call)[0], limit.wrong)
        return _NOTHING

    def refund(self) -> None:
        """Who turned out to be an untrusted party has spent nothing of the budgets of the account
        that its token named. The network's own budget stays spent."""
        if self._declared:
            limits.refund(host_of(self._request), self._declared)

    def set_headers(self, response: HttpResponseBase) -> None:
        """Say on the answer how the tightest budget stands; a refusal has said so already."""
        if self._tightest is not None and not response.has_header("RateLimit-Limit"):
            for name, value in self._tightest.headers.items():
                response[name] = value

    def _size_counter(self, limit: Limit, call: Call) -> Callable[[int], None]:
        """Charges a body's bytes as they come in. Raises RateLimitExceeded."""
        charged = 0

        def count(size_bytes: int) -> None:
            nonlocal charged
            points = -(-size_bytes // 1_024) - charged
            if points > 0:
                self._spend((Charge(limit.bucket, limit.who(call), points),))
                charged += points

        return count

    @contextmanager
    def _logging_in(self, who: str, wrong: type[XrpcError]) -> Iterator[None]:
        host = host_of(self._request)
        with limits.logging_in(self._request, host, who, wrong) as state:
            if state is not None:
                self._note(state)
            yield

    def _spend(self, charges: tuple[Charge, ...]) -> None:
        self._note(limits.spend_charges(host_of(self._request), charges))

    def _note(self, state: BudgetState) -> None:
        if self._tightest is None or state.remaining < self._tightest.remaining:
            self._tightest = state


@lru_cache(maxsize=20_000)
def request_charges(network: str, *, is_export: bool = False) -> tuple[Charge, ...]:
    """What every request costs its network."""
    return limits.charges(GET_REPO if is_export else REQUESTS, (), network)
