"""What the PLC directory says of an account's DID, or said when it last answered.

A page that waited for a slow directory would be as slow, so it is asked with a short time-out. What
it says is verified (protocol.did.plc_log) before it is shown and kept; an answer that does not
hold, or lacks what was there before, is no better than none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson
from django.utils import timezone

from accounts.identity.plc import client
from accounts.models import Account, PlcOperation, SeenPlcLog
from protocol.did import plc_log
from protocol.did.plc import Log, LogEntry
from protocol.did.plc_log import UnsoundLog
from server.cache.shared import SharedCache

TIMEOUT_S: Final = 3.0
FRESH_FOR: Final = timedelta(seconds=10)  # a page that is loaded over and over asks once
PROBLEMS: Final = SharedCache("plc-log-problem", 2_000, slots=2_000)  # by DID, as long
KEPT_MAX_BYTES: Final = 262_144


class Problem(StrEnum):
    """Why what is shown is what was last seen."""

    SILENT = "silent"
    UNSOUND = "unsound"


@dataclass(frozen=True)
class SeenLog:
    """A DID's operations as of `seen_at`, oldest first; None: nobody has seen any yet."""

    entries: tuple[LogEntry, ...]
    seen_at: datetime | None
    problem: Problem | None = None

    @property
    def newest(self) -> LogEntry | None:
        """The operation that says what the DID is."""
        valid = [entry for entry in self.entries if not entry.nullified]
        return valid[-1] if valid else None


def look(account: Account) -> SeenLog:
    """Ask the directory about a did:plc, outside of any transaction, unless that was just done."""
    kept = SeenPlcLog.objects.filter(account=account).first()
    if kept is not None and _is_fresh(kept):
        return _shown(account, kept)
    if (problem := PROBLEMS.get(account.did)) is not None:
        return _shown(account, kept, Problem(problem.value))
    try:
        entries = client.audit_log(account.did, TIMEOUT_S)
        log = plc_log.parse(account.did, entries)
        plc_log.verify(log)
        _refuse_loss(account, kept, log)
    except client.Unsettled:
        return _shown(account, kept, _noted(account, Problem.SILENT))
    except UnsoundLog:
        return _shown(account, kept, _noted(account, Problem.UNSOUND))
    now = timezone.now()
    if entries:
        changes = {"entries": _that_fit(entries), "seen_at": now}
        SeenPlcLog.objects.update_or_create(account=account, defaults=changes)
    return SeenLog(tuple(log.entries), now)


def last_known(account: Account) -> tuple[LogEntry, ...]:
    """A did:plc's operations, oldest first, as far as is known without asking anybody: those that
    the directory last told, and what it has taken from us since. Empty: nobody knows."""
    kept = SeenPlcLog.objects.filter(account=account).first()
    seen = () if kept is None else _shown(account, kept).entries
    since = PlcOperation.objects.filter(account=account, state=PlcOperation.State.PUBLISHED)
    if kept is not None:
        since = since.filter(decided_at__gt=kept.seen_at)
    known = {entry.cid for entry in seen}
    own = (
        LogEntry(each.cid, each.operation, each.decided_at)
        for each in since.order_by("decided_at", "pk")
        if each.decided_at is not None and each.cid not in known
    )
    return (*seen, *own)


def _is_fresh(kept: SeenPlcLog) -> bool:
    """Whether nothing of ours has changed the DID since, and it was a moment ago."""
    own = PlcOperation.objects.filter(account_id=kept.account_id, decided_at__gt=kept.seen_at)
    return kept.seen_at > timezone.now() - FRESH_FOR and not own.exists()


def _noted(account: Account, problem: Problem) -> Problem:
    lasts_s = FRESH_FOR.total_seconds()
    PROBLEMS.put(account.did, problem.value, fresh_s=lasts_s, keep_s=lasts_s)
    return problem


def _shown(account: Account, kept: SeenPlcLog | None, problem: Problem | None = None) -> SeenLog:
    if kept is None:
        return SeenLog((), None, problem)
    log = plc_log.parse(account.did, kept.entries)
    return SeenLog(tuple(log.entries), kept.seen_at, problem)


def _refuse_loss(account: Account, kept: SeenPlcLog | None, log: Log) -> None:
    """Raises UnsoundLog for a log without an operation that the directory has shown before."""
    before = () if kept is None else _shown(account, kept).entries
    if {entry.cid for entry in before} - {entry.cid for entry in log.entries}:
        raise UnsoundLog("operations are gone that were there before")


def _that_fit(entries: list[Any]) -> list[Any]:
    """The newest of the entries, within what is kept of one DID."""
    left, fitting = KEPT_MAX_BYTES, []
    for entry in reversed(entries):
        left -= len(orjson.dumps(entry))
        if left < 0:
            break
        fitting.append(entry)
    return fitting[::-1]
