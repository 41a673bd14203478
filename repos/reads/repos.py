"""Reads of repos and records: one prepared statement a call, and JSON text instead of models.

Source: the lexicons com.atproto.repo.getRecord, describeRepo and com.atproto.sync.
getLatestCommit, getRepoStatus, listRepos. Every statement names the host: a DID of another host is
as unknown as one that nobody has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from accounts.models import account_lookups
from hosting.models import Host
from protocol import atjson, cid
from protocol.errors import InvalidRequest
from repos.models import Repo
from server.database import connection
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint, number

_REPO_FIELDS = "r.id, r.did, r.host_id, r.status, r.head, r.rev, r.record_count"
_REPO_BY_DID = f"SELECT {_REPO_FIELDS} FROM repo r WHERE r.did = %s AND r.host_id = %s"  # noqa: S608 - constants only
_OWNED_REPO = f"""
    SELECT {_REPO_FIELDS}, {account_lookups.is_live("r.id", "%s::uuid")}
    FROM repo r WHERE r.did = %s AND r.host_id = %s
"""  # noqa: S608 - constants only
_REPO_BY_HANDLE = f"""
    SELECT {_REPO_FIELDS} FROM account a JOIN repo r ON r.id = a.id
    WHERE a.handle = %s AND r.host_id = %s
"""  # noqa: S608 - constants only

_RECORD = """
    SELECT r.did, r.status, r.has_takedowns, c.cid, c.data FROM {source}
    LEFT JOIN record c ON c.repo_id = r.id AND c.collection = $1 AND c.rkey = $2
    WHERE {name} = $3 AND r.host_id = $4
"""
_RECORD_TYPES = (TEXT, TEXT, TEXT, BIGINT)
_RECORD_BY_DID = Statement(_RECORD.format(source="repo r", name="r.did"), _RECORD_TYPES)
_RECORD_BY_HANDLE = Statement(
    _RECORD.format(source="account a JOIN repo r ON r.id = a.id", name="a.handle"), _RECORD_TYPES
)
_REPO = Statement(
    f"SELECT {_REPO_FIELDS} FROM repo r WHERE r.did = $1 AND r.host_id = $2",  # noqa: S608 - constants only
    (TEXT, BIGINT),
)
_TRUE, _ACTIVE, _DEACTIVATED = b"\1", b"active", b"deactivated"
# Copies of repos whose DID names another host: it was left behind, or has not arrived yet.
_ELSEWHERE = """
    SELECT a.id FROM account a LEFT JOIN account_migration v ON v.account_id = a.id
        AND v.activated_at IS NULL AND v.did_updated_at IS NULL
    WHERE a.did = %s AND a.host_id = %s
        AND (a.moved_away_at IS NOT NULL OR v.account_id IS NOT NULL)
"""
# Records that moderators hid (repos.lifecycle.record_takedowns). The many repos without any are not
# asked.
_HIDDEN = """
    SELECT t.rkey FROM record_takedown t JOIN repo r ON r.id = t.repo_id
    WHERE r.did = %s AND r.host_id = %s AND t.collection = %s AND t.rkey = %s
"""
# What repo_ref remembers; emptied when it grows too long.
_MAX_REFS = 65_536
_refs: dict[tuple[int, str], "RepoRef"] = {}

# A loose index scan: jumps from one collection to the next instead of reading every record.
_COLLECTIONS = """
    WITH RECURSIVE c AS (
        (SELECT collection FROM record WHERE repo_id = %s ORDER BY collection LIMIT 1)
        UNION ALL
        SELECT (SELECT collection FROM record WHERE repo_id = %s AND collection > c.collection
                ORDER BY collection LIMIT 1)
        FROM c WHERE c.collection IS NOT NULL
    ) SELECT collection FROM c WHERE collection IS NOT NULL
"""
_REPOS = f"""
    SELECT {_REPO_FIELDS} FROM repo r WHERE r.host_id = %s AND r.id > %s ORDER BY r.id LIMIT %s
"""  # noqa: S608 - constants only


class RepoNotFound(InvalidRequest):
    """400: this host has no such repo."""

    name = "RepoNotFound"

    def __init__(self, did: str) -> None:
        super().__init__(f"Could not find repo for DID: {did}")


class UnknownRepo(InvalidRequest):
    """400 without a name of its own: com.atproto.repo.* has none for a repo that is not here."""

    def __init__(self, did_or_handle: str) -> None:
        super().__init__(f"Could not find repo: {did_or_handle}")


class RepoTakendown(InvalidRequest):
    """400: the account was taken down."""

    name = "RepoTakendown"


class RepoSuspended(InvalidRequest):
    """400: the account is suspended."""

    name = "RepoSuspended"


class RepoDeactivated(InvalidRequest):
    """400: the account's owner deactivated it."""

    name = "RepoDeactivated"


class RecordNotFound(InvalidRequest):
    """400: no such record, or not in the version that was asked for."""

    name = "RecordNotFound"

    def __init__(self, uri: str) -> None:
        super().__init__(f"Could not locate record: {uri}")


class RecordElsewhere(RecordNotFound):
    """400: no such record, because the repo is not here: another host may have it."""


_INACTIVE = {
    Repo.Status.TAKENDOWN.value: (RepoTakendown, "Repo has been taken down: {did}"),
    Repo.Status.SUSPENDED.value: (RepoSuspended, "Repo has been suspended: {did}"),
    Repo.Status.DEACTIVATED.value: (RepoDeactivated, "Repo has been deactivated: {did}"),
}


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
    found = connection.row(_REPO_BY_DID, (did, host.pk))
    if found is None:
        raise RepoNotFound(did)
    return RepoRow(*found)


def owned_repo(host: Host, did: str, session: str) -> tuple[RepoRow, bool]:
    """As `find_repo`, and whether that session of its owner still stands
    (accounts.authentication.live_sessions), in one statement. Raises RepoNotFound."""
    found = connection.row(_OWNED_REPO, (session, session, did, host.pk))
    if found is None:
        raise RepoNotFound(did)
    *fields, is_live = found
    return RepoRow(*fields), is_live


def named_repo(host: Host, did_or_handle: str) -> RepoRow:
    """The repo of a DID or handle at this host, whatever its status. Raises UnknownRepo."""
    sql = _REPO_BY_DID if did_or_handle.startswith("did:") else _REPO_BY_HANDLE
    found = connection.row(sql, (_name(did_or_handle), host.pk))
    if found is None:
        raise UnknownRepo(did_or_handle)
    return RepoRow(*found)


def repo_ref(host: Host, did: str) -> RepoRef:
    """Which repo this host has for a DID, remembered: that never changes, its status does.

    For the write path, which reads the repo's state itself: saves a round trip a write. Raises
    RepoNotFound.
    """
    known = _refs.get((host.pk, did))
    if known is None:
        found = find_repo(host, did)
        if len(_refs) >= _MAX_REFS:
            _refs.clear()
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


def refuse_inactive(did: str, status: str) -> None:
    """Raise the error that readers of an inactive repo get."""
    if status in _INACTIVE:
        error, message = _INACTIVE[status]
        raise error(message.format(did=did))


def get_record(
    host: Host, did_or_handle: str, collection: str, rkey: str, cid_text: str | None = None
) -> bytes:
    """The answer of com.atproto.repo.getRecord as JSON text: uri, cid, value.

    Raises RecordNotFound (the lexicon's only word: also when `cid_text` is given and the record is
    another by now), its kind RecordElsewhere, and the errors of inactive repos.
    """
    found = ask_for_record(host, did_or_handle, collection, rkey).rows()
    if (text := public_record(found, collection, rkey, cid_text)) is not None:
        return text
    if not found:
        raise RecordElsewhere(f"at://{did_or_handle}/{collection}/{rkey}")
    did_bytes, status, has_takedowns, record_cid, data = found[0]
    did = did_bytes.decode()
    uri = f"at://{did}/{collection}/{rkey}"
    if status == _DEACTIVATED and connection.row(_ELSEWHERE, (did, host.pk)):
        raise RecordElsewhere(uri)
    refuse_inactive(did, status.decode())
    if has_takedowns == _TRUE and connection.row(_HIDDEN, (did, host.pk, collection, rkey)):
        raise RecordNotFound(uri)
    if record_cid is None or (cid_text is not None and cid.to_text(record_cid) != cid_text):
        raise RecordNotFound(uri)
    return _record_json(uri, record_cid, data)


def ask_for_record(host: Host, did_or_handle: str, collection: str, rkey: str) -> Question:
    """What `public_record` is told the answer of."""
    statement = _RECORD_BY_DID if did_or_handle.startswith("did:") else _RECORD_BY_HANDLE
    name = _name(did_or_handle).encode()
    return Question(statement, (collection.encode(), rkey.encode(), name, bigint(host.pk)))


def public_record(
    found: Sequence[Row], collection: str, rkey: str, cid_text: str | None
) -> bytes | None:
    """The answer of getRecord where there is nothing more to ask: the record is there, its repo
    active and none of it hidden."""
    if not found:
        return None
    did, status, has_takedowns, record_cid, data = found[0]
    if status != _ACTIVE or has_takedowns == _TRUE or record_cid is None:
        return None
    if cid_text is not None and cid.to_text(record_cid) != cid_text:
        return None
    return _record_json(f"at://{did.decode()}/{collection}/{rkey}", record_cid, data)


def ask_for_repo(host: Host, did: str) -> Question:
    """What `public_repo` is told the answer of."""
    return Question(_REPO, (did.encode(), bigint(host.pk)))


def public_repo(found: Sequence[Row]) -> RepoRow | None:
    """The repo that was asked for, if it is there and active."""
    if not found or found[0][3] != _ACTIVE:
        return None
    repo_id, did, host_id, status, head, rev, count = found[0]
    return RepoRow(
        number(repo_id), did.decode(), number(host_id), status.decode(), head, rev.decode(),
        number(count),
    )  # fmt: skip


def collections(repo: RepoRow) -> list[str]:
    """The collections in which the repo has records, in order."""
    return [name for (name,) in connection.rows(_COLLECTIONS, (repo.id, repo.id))]


def list_repos(host: Host, limit: int = 500, cursor: str | None = None) -> ReposPage:
    """A page of the host's repos, active or not, in the order of their accounts' ids.

    New accounts come last, so pages do not shift. Raises InvalidRequest for a malformed cursor.
    """
    if cursor is not None and not (cursor.isdecimal() and cursor.isascii() and len(cursor) < 19):
        raise InvalidRequest("Malformed cursor")
    found = connection.rows(_REPOS, (host.pk, int(cursor or 0), limit))
    repos = tuple(RepoRow(*row) for row in found)
    return ReposPage(repos, str(repos[-1].id) if len(repos) == limit else None)


def _name(did_or_handle: str) -> str:
    """DIDs are compared as they are, handles in lower case."""
    return did_or_handle if did_or_handle.startswith("did:") else did_or_handle.lower()


def _record_json(uri: str, record_cid: bytes, data: bytes) -> bytes:
    return b'{"uri":%b,"cid":"%b","value":%b}' % (
        orjson.dumps(uri),
        cid.to_text(record_cid).encode(),
        atjson.from_cbor(data),
    )
