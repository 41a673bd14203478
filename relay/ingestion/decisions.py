"""What becomes of an event, given what the relay knows of its account and its host.

Values alone: `writer` reads and writes them. Source: atproto.com/specs/sync, "Commit Validation";
for statuses the lexicon com.atproto.sync.subscribeRepos#account.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind
from relay.verification.checks import Checked, Rejected
from relay.verification.reasons import Reason

ACTIVE: Final = "active"
DELETED: Final = "deleted"
THROTTLED_MAX: Final = 1_000  # accounts of a host that are noted beyond its limit
KNOWN_STATUSES: Final = frozenset(
    {"takendown", "suspended", "deleted", "deactivated", "desynchronized", "throttled"}
)


@dataclass(slots=True)
class AccountState:
    """What is known of an account; changed as its events are decided."""

    did: str
    host_id: int
    id: int = 0  # 0: not stored yet
    host_status: str = ACTIVE
    is_throttled: bool = False
    is_taken_down: bool = False
    rev: str = ""
    head: bytes | None = None
    data: bytes | None = None
    is_desynchronized: bool = False
    lost_at: datetime | None = None  # the last commit that was refused for that; None: just now
    is_changed: bool = False


@dataclass(slots=True)
class HostState:
    """A host's accounts against its limit; changed as accounts come and go."""

    id: int
    is_inside: bool
    account_count: int
    account_limit: int
    name: str = ""


@dataclass(slots=True)
class Prepared:
    """An event that was read and checked by itself, and against its DID document.

    `moves_from`: the account's host when the DID was asked, which names the one that sent this. So
    a document of before the account's last move moves it nowhere. `is_active_there`: the host has
    just been asked, and says that the account is active. `lost_at`: of a repair, what the
    account's was when its host was asked.
    """

    kind: EventKind
    seq: int
    did: str
    outcome: Checked | Rejected
    moves_from: int | None = None
    is_active_there: bool = False
    lost_at: datetime | None = None


@dataclass(slots=True)
class Known:
    """What is known of those whom a batch is about."""

    accounts: dict[str, AccountState]
    hosts: dict[int, HostState]
    erased: set[str] = field(default_factory=set)  # accounts whose past is to be forgotten


def decide(event: Prepared, host: HostState, known: Known) -> Body | Rejected:
    """The body that goes on, or why none does; `known` changes with it."""
    if isinstance(event.outcome, Rejected):
        return event.outcome
    if event.kind is EventKind.IDENTITY:  # whoever sends it: readers ask the DID themselves
        return Body(event.outcome.body, event.outcome.seq_at)
    before = known.accounts.get(event.did)
    if before is not None and before.host_id not in (host.id, event.moves_from):
        return Rejected(Reason.FOREIGN_DID, "by a document of before")
    account = _at_host(event.did, host, known)
    if account is None:
        return Rejected(Reason.THROTTLED, "and not noted")
    if event.kind is EventKind.ACCOUNT:
        return _account(event.outcome, account, known)
    return _refusal_of_status(event, account) or _moved_on(event, event.outcome, account)


def _at_host(did: str, host: HostState, known: Known) -> AccountState | None:
    """The account, at the host that its DID names: it may be new, or come from another host.

    A new one beyond the host's limit is throttled; one that moves in is not, but one that was
    throttled where it comes from stays so. None of a new one that is too far beyond: what a host
    makes up is not noted without end.
    """
    account = known.accounts.get(did)
    if account is None:
        if host.account_count >= host.account_limit + THROTTLED_MAX:
            return None
        is_full = host.account_count >= host.account_limit
        account = AccountState(did, host.id, is_throttled=is_full, is_changed=True)
        known.accounts[did] = account
        host.account_count += 1
    elif account.host_id != host.id:
        if (old := known.hosts.get(account.host_id)) is not None and not old.is_inside:
            old.account_count -= 1
        host.account_count += 1
        account.host_id, account.is_changed = host.id, True
    return account


def _account(said: Checked, account: AccountState, known: Known) -> Body | Rejected:
    status = ACTIVE if said.is_active else said.status or "deactivated"
    account.host_status = status if status in KNOWN_STATUSES or said.is_active else "deactivated"
    account.is_changed = True
    if account.host_status == DELETED:
        known.erased.add(account.did)
    if account.is_taken_down:
        return Rejected(Reason.TAKEN_DOWN, "")
    if account.is_throttled:
        return Rejected(Reason.THROTTLED, "")
    return Body(said.body, said.seq_at)


def _refusal_of_status(event: Prepared, account: AccountState) -> Rejected | None:
    if account.is_taken_down:
        return Rejected(Reason.TAKEN_DOWN, "")
    if account.is_throttled:
        return Rejected(Reason.THROTTLED, "")
    if account.host_status == ACTIVE:
        return None
    if not event.is_active_there:
        return Rejected(Reason.INACTIVE, account.host_status)
    account.host_status, account.is_changed = ACTIVE, True
    return None


def _moved_on(event: Prepared, said: Checked, account: AccountState) -> Body | Rejected:
    """A commit that follows the one before, or a #sync that is not older."""
    is_sync = event.kind is EventKind.SYNC
    is_same = is_sync and said.rev == account.rev and said.head == account.head
    if said.rev <= account.rev and not is_same:
        return Rejected(Reason.OLD_REV, f"{said.rev} after {account.rev}")
    if not is_sync and account.data is not None and said.prev_data != account.data:
        was_known = account.is_desynchronized
        account.is_desynchronized = account.is_changed = True
        account.lost_at = None
        return Rejected(Reason.DESYNCHRONIZED if was_known else Reason.WRONG_PREV_DATA, said.rev)
    account.rev, account.head, account.data = said.rev, said.head, said.data
    account.is_changed = True
    if is_sync:  # a commit may have come out of order, and the one after it is lost
        account.is_desynchronized = _is_still_lost(event, account)
    return Body(said.body, said.seq_at)


def _is_still_lost(event: Prepared, account: AccountState) -> bool:
    """Whether commits were refused since a repair's host was asked: it may not have them."""
    is_of_before = event.lost_at is not None and event.lost_at != account.lost_at
    return account.is_desynchronized and is_of_before


def status_body(did: str, status: str, time: str) -> Body:
    """The #account that tells of the relay's own word on an account."""
    is_active = status == ACTIVE
    said = None if is_active else status
    return frames.account_body(did=did, time=time, active=is_active, status=said)


def is_open(event: Prepared, refusal: Rejected) -> bool:
    """Whether it may be decided otherwise once its DID and its host are asked."""
    is_checked = isinstance(event.outcome, Checked)
    return is_checked and refusal.reason in (Reason.INACTIVE, Reason.FOREIGN_DID)


def asked_again(event: Prepared, moves_from: int | None, *, is_active_there: bool) -> Prepared:
    """An event after its DID and its host were asked."""
    return replace(event, moves_from=moves_from, is_active_there=is_active_there)
