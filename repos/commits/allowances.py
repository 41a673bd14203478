"""Allowances: whether a commit fits the quotas of its account and tenant.

What an account has is in the row that the commit starts from, and a commit takes effect on that row
alone (repos.commits.plan): its limits are exact, at no cost but a comparison. A tenant's are as of
its last count, some minutes ago. What only takes away is never
refused. An update counts its new bytes, as if the old ones stayed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from hosting.plans import quotas
from hosting.plans.limits import Limit
from hosting.plans.quotas import QuotaExceeded
from protocol.event_stream.frames import RepoOp
from repos.commits.writes import Write
from server.database.prepared import Row, number

_LIMITS = (
    (Limit.ACCOUNT_RECORDS, Limit.RECORDS),
    (Limit.ACCOUNT_REPO_BYTES, Limit.REPO_BYTES),
    (Limit.ACCOUNT_WRITES_A_DAY, Limit.WRITES_A_DAY),
)


@dataclass(frozen=True, slots=True)
class Room:
    """What a repo has when a commit begins: `counts` of its row (repos.state.heads.Head), and what
    the commits before this one in its chain add: records, bytes, writes."""

    counts: Row
    added: tuple[int, int, int] = (0, 0, 0)

    def after(self, ops: Sequence[RepoOp], writes: Sequence[Write]) -> "Room":
        """The room that is left after a commit. Raises QuotaExceeded."""
        if not self.counts:
            return self
        known = quotas.of_host(number(self.counts[0]))
        own = self.counts[4]
        if own is None and not known.limits_writes:
            return self
        growth = sum((op.prev is None) - (op.cid is None) for op in ops)
        size = sum(len(write.block or b"") for write in writes)
        more = (growth, size, len(ops))
        if any(op.cid is not None for op in ops):
            self._check(known, own, more)
        records, taken, writes_made = self.added
        return Room(self.counts, (records + growth, taken + size, writes_made + len(ops)))

    def _check(self, known: quotas.HostLimits, own: bytes | None, more: Sequence[int]) -> None:
        of_account = known.for_account(json.loads(own) if own else None)  # noqa: TID251 - our own
        has = (number(self.counts[1]), number(self.counts[2]), number(self.counts[3]))
        for (one, all_), had, before, new in zip(_LIMITS, has, self.added, more, strict=True):
            value = of_account.get(one)
            if value is not None and new > 0 and had + before + new > value:
                raise QuotaExceeded(one, value, had + before)
            total, counted = known.of_tenant.get(all_, (None, 0))
            if total is not None and new > 0 and counted + new > total:
                raise QuotaExceeded(all_, total, counted)
