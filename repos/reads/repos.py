"""Reads of repos: which one is meant, and how it stands, by one prepared statement a call.

Source: the lexicons com.atproto.sync.getLatestCommit, getRepoStatus, listRepos. Every statement
names the host: a DID of another host is as unknown as one that nobody has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import account_lookups
from hosting.models import Host
from protocol.errors import InvalidRequest
from repos.models import Repo
from repos.reads import names
from repos.reads.refusals import RepoNotFound, UnknownRepo, refuse_inactive
from server.cache.eviction import make_room
from server.database import row_numbers
from server.database.prepared import BIGINT, TEXT, TRUE, Question, Row, Statement, bigint, number

_REPO_FIELDS = "r.id, r.did, r.host_id, r.status, r.head, r.rev, r.record_count"
_REPOS = {
    is_did: Statement(
        f"SELECT {_REPO_FIELDS} FROM {column['source']}"  # noqa: S608 - constants only
        f" WHERE {column['name']} = $1 AND r.host_id = $2",
        (TEXT, BIGINT),
    )
    for is_did, column in names.COLUMN.items()
}
_REPO_BY_DID = _REPOS[True]
_OWNED_REPO = Statement(
    f"""
    SELECT {_REPO_FIELDS}, {account_lookups.is_live("r.id", "$3::uuid")}
    FROM repo r WHERE r.did = $1 AND r.host_id = $2
    """,  # noqa: S608 - constants only
    (TEXT, BIGINT, TEXT),
)
_PAGE = Statement(
    f"""
    SELECT {_REPO_FIELDS} FROM repo r WHERE r.host_id = $1 AND r.id > $2 ORDER BY r.id LIMIT $3
    """,  # noqa: S608 - constants only
    (BIGINT, BIGINT, BIGINT),
)
_ACTIVE = b"active"
# What repo_ref remembers; emptied when it grows too long.
_MAX_REFS = 65_536
_refs: dict[tuple[int, str], "RepoRef"] = {}


@dataclass(frozen=True, slots=True)
class RepoRef:
    """Which repo is meant, whatever its state. `id` is the account's id too."""

    id: int
    did: str
    host_id: int


@dataclass(frozen=True, slots=True)
class RepoRow(RepoRef):
    """A repo as it stood when it was looked up. `head` is a CID."""

    status: str
    head: bytes
    rev: str
    record_count: int

    @property
    def is_active(self) -> bool:
        """Whether the public may read it and its owner write to it."""
        return self.status == Repo.Status.ACTIVE


@dataclass(frozen=True, slots=True)
class ReposPage:
    """One page of listRepos; `cursor` is None on a page that is the last for sure."""

    repos: tuple[RepoRow, ...]
    cursor: str | None


def find_repo(host: Host, did: str) -> RepoRow:
    """The repo of a DID at this host, whatever its status. Raises RepoNotFound."""
    found = ask_for_repo(host, did).rows()
    if not found:
        raise RepoNotFound(did)
    return _repo(found[0])


def owned_repo(host: Host, did: str, session: str) -> tuple[RepoRow, bool]:
    """As `find_repo`, and whether that session of its owner still stands
    (accounts.authentication.live_sessions), in one statement. Raises RepoNotFound."""
    found = _OWNED_REPO.rows(did.encode(), bigint(host.pk), session.encode())
    if not found:
        raise RepoNotFound(did)
    *fields, is_live = found[0]
    return _repo(fields), is_live == TRUE


def named_repo(host: Host, did_or_handle: str) -> RepoRow:
    """The repo of a DID or handle at this host, whatever its status. Raises UnknownRepo."""
    is_did, name = names.parsed(did_or_handle)
    found = _REPOS[is_did].rows(name, bigint(host.pk))
    if not found:
        raise UnknownRepo(did_or_handle)
    return _repo(found[0])


def repo_ref(host: Host, did: str) -> RepoRef:
    """Which repo this host has for a DID, remembered: that never changes, its status does.

    For the write path, which reads the repo's state itself: saves a round trip a write. Raises
    RepoNotFound.
    """
    known = _refs.get((host.pk, did))
    if known is None:
        found = find_repo(host, did)
        make_room(_refs, _MAX_REFS)
        known = _refs[host.pk, did] = RepoRef(found.id, found.did, found.host_id)
    return known


def forget_ref(repo: RepoRef) -> None:
    """The repo of that id is gone; the same DID may come back under another."""
    _refs.pop((repo.host_id, repo.did), None)


def active_repo(host: Host, did_or_handle: str) -> RepoRow:
    """As `named_repo`, for the public: raises RepoTakendown, RepoSuspended, RepoDeactivated too."""
    repo = named_repo(host, did_or_handle)
    refuse_inactive(repo.did, repo.status)
    return repo


def ask_for_repo(host: Host, did: str) -> Question:
    """What `public_repo` is told the answer of."""
    return Question(_REPO_BY_DID, (did.encode(), bigint(host.pk)))


def public_repo(found: Sequence[Row]) -> RepoRow | None:
    """The repo that was asked for, if it is there and active."""
    if not found or found[0][3] != _ACTIVE:
        return None
    return _repo(found[0])


def list_repos(host: Host, limit: int = 500, cursor: str | None = None) -> ReposPage:
    """A page of the host's repos, active or not, in the order of their accounts' ids.

    New accounts come last, so pages do not shift. Raises InvalidRequest for a malformed cursor.
    """
    return page_of(ask_for_page(host, limit, cursor).rows(), limit)


def ask_for_page(host: Host, limit: int, cursor: str | None) -> Question:
    """What `page_of` is told the answer of. Raises InvalidRequest for a malformed cursor."""
    if (after := row_numbers.read("0" if cursor is None else cursor)) is None:
        raise InvalidRequest("Malformed cursor")
    return Question(_PAGE, (bigint(host.pk), bigint(after), bigint(limit)))


def page_of(found: Sequence[Row], limit: int) -> ReposPage:
    """The page of so many repos that was asked for."""
    repos = tuple(map(_repo, found))
    return ReposPage(repos, str(repos[-1].id) if len(repos) == limit else None)


def _repo(row: Sequence[bytes]) -> RepoRow:
    repo_id, did, host_id, status, head, rev, count = row
    return RepoRow(
        number(repo_id), did.decode(), number(host_id), status.decode(), head, rev.decode(),
        number(count),
    )  # fmt: skip
