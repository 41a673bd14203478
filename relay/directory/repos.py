"""Repos of all hosts that the relay reads: how one stands, and a list of them.

Source: com.atproto.sync.getRepoStatus, getLatestCommit, listRepos, getRepo. An account that moved
from one of our hosts to an outside one, or that the relay took down, is what the relay's own row
says; all others of our hosts are what their repos say.
"""

from dataclasses import dataclass
from typing import Any, Final

from protocol.errors import InvalidRequest
from relay.models import RelayAccount, RelayHost
from server.database import connection

ACTIVE: Final = "active"
INSIDE, OUTSIDE = "i", "o"  # parts of the list, and how their cursors begin
_FIELDS: Final = "r.id, r.did, h.hostname, r.status, r.head, r.rev"
_HERE: Final = """
    FROM repo r JOIN relay_host h ON h.inside_id = r.host_id AND h.status <> 'banned'
"""
_INSIDE: Final = f"""
    SELECT {_FIELDS} {_HERE} WHERE r.did = %s ORDER BY (r.status = 'active') DESC, r.id DESC LIMIT 1
"""
# Of an account that moves between two of our hosts one repo is listed, the active one.
_PAGE: Final = f"""
    SELECT {_FIELDS}, a.taken_down_at IS NOT NULL {_HERE}
    LEFT JOIN relay_account a ON a.did = r.did
    LEFT JOIN relay_host o ON o.id = a.host_id
    WHERE r.id > %s AND (a.id IS NULL OR o.inside_id IS NOT NULL) AND (r.status = 'active'
        OR NOT EXISTS (SELECT FROM repo b WHERE b.did = r.did AND b.id > r.id))
    ORDER BY r.id LIMIT %s
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class RelayRepo:
    """A repo at the relay. `status` is "active", or why it is not; `head` (a CID) and `rev` are
    None while the relay has seen no commit of it."""

    id: int
    did: str
    hostname: str
    status: str
    head: bytes | None
    rev: str | None

    @property
    def is_active(self) -> bool:
        """Whether the relay passes on its commits."""
        return self.status == ACTIVE


def find(did: str) -> RelayRepo | None:
    """The repo of a DID, whatever its status."""
    account = RelayAccount.objects.filter(did=did).select_related("host").first()
    if account is not None and account.host.inside_id is None:
        return _outside(account)
    row = connection.row(_INSIDE, (did,))
    if row is None:
        return None
    return _inside(row, is_taken_down=account is not None and account.taken_down_at is not None)


def list_repos(limit: int, cursor: str | None) -> tuple[list[RelayRepo], str | None]:
    """A page of all repos that have a commit, and where the next begins; None after the last. Our
    own hosts' come first. Raises InvalidRequest."""
    part, after = place(cursor)
    found: list[RelayRepo] = []
    if part == INSIDE:
        rows = connection.rows(_PAGE, (after, limit))
        found = [_inside(row[:-1], is_taken_down=row[-1]) for row in rows]
        if len(found) == limit:
            return found, f"{INSIDE}{found[-1].id}"
        after = 0
    more = [_outside(each) for each in _outside_accounts(after)[: limit - len(found)]]
    found += more
    return found, f"{OUTSIDE}{more[-1].id}" if more and len(found) == limit else None


def place(cursor: str | None) -> tuple[str, int]:
    """Which part of a list a cursor names, and the id in it. Raises InvalidRequest."""
    text = cursor or f"{INSIDE}0"
    digits = text[1:]
    if text[0] not in {INSIDE, OUTSIDE} or not (digits.isascii() and digits.isdigit()):
        raise InvalidRequest("Malformed cursor")
    if len(digits) > 18:
        raise InvalidRequest("Malformed cursor")
    return text[0], int(digits)


def _outside_accounts(after: int) -> Any:
    return (
        RelayAccount.objects.filter(id__gt=after, host__inside_id__isnull=True, rev__gt="")
        .exclude(host__status=RelayHost.Status.BANNED)
        .select_related("host")
        .order_by("id")
    )


def _outside(account: RelayAccount) -> RelayRepo:
    head = None if account.head is None else bytes(account.head)
    return RelayRepo(
        account.pk, account.did, account.host.hostname, account.status, head, account.rev or None
    )


def _inside(row: Any, *, is_taken_down: bool) -> RelayRepo:
    repo_id, did, hostname, status, head, rev = row
    told = RelayAccount.Status.TAKENDOWN.value if is_taken_down else status
    return RelayRepo(repo_id, did, hostname, told, bytes(head), rev)
