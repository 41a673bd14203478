"""com.atproto.sync.*: repos as relays and mirrors read them. Source: that namespace's lexicons.

All of it is public while the account is active. An owner's token also opens the owner's own
inactive repo, so that people can always take their data with them.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from hosting.models import Host
from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import blobs
from repos.events.firehose import follow
from repos.reads import exports, repos
from repos.reads.repos import RepoRow
from server.database.prepared import Question, Row
from server.web.bodies.ranges import Stored
from xrpc.auth import app_scopes
from xrpc.auth.declared import Auth
from xrpc.auth.subjects import readable_repo
from xrpc.registry import query, subscription
from xrpc.request.call import Answer, Call, Streamed, Whole
from xrpc.request.small_read import SmallCall, SmallRead

_CAR = "application/vnd.ipld.car"
# A takedown must take effect within minutes, in caches too.
_BRIEFLY = "public, max-age=60"
_PRIVATE = "private, max-age=60"


@query("com.atproto.sync.getRepo", auth=Auth.optional_owner(), scope=app_scopes.ANY, pool="export")
def get_repo(call: Call) -> Answer:
    repo = readable_repo(call)
    chunks = exports.export_repo(repo, call.params.get("since"))
    return Streamed(chunks, _CAR, is_compressible=True, is_snapshot=True)


@query(
    "com.atproto.sync.getCheckout", auth=Auth.optional_owner(), scope=app_scopes.ANY, pool="export"
)
def get_checkout(call: Call) -> Answer:
    """Deprecated: what getRepo answers without `since`."""
    chunks = exports.export_repo(readable_repo(call))
    return Streamed(chunks, _CAR, is_compressible=True, is_snapshot=True)


def _small(shown: Callable[[RepoRow], dict[str, Any]]) -> SmallRead:
    """What is shown of an active repo, to whoever shows no credentials."""

    def ask(call: SmallCall) -> Question | None:
        return None if call.caller else repos.ask_for_repo(call.host, call.params["did"])

    def answer(_call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
        repo = repos.public_repo(rows)
        return None if repo is None else shown(repo)

    return SmallRead(ask, answer)


def _root(repo: RepoRow) -> dict[str, Any]:
    return {"root": cid.to_text(repo.head)}


def _latest_commit(repo: RepoRow) -> dict[str, Any]:
    return {"cid": cid.to_text(repo.head), "rev": repo.rev}


def _status(repo: RepoRow) -> dict[str, Any]:
    if repo.is_active:
        return {"did": repo.did, "active": True, "rev": repo.rev}
    return {"did": repo.did, "active": False, "status": repo.status}


@query(
    "com.atproto.sync.getHead",
    auth=Auth.optional_owner(),
    scope=app_scopes.ANY,
    small=_small(_root),
)
def get_head(call: Call) -> Answer:
    """Deprecated: what getLatestCommit says, without the rev."""
    return _root(readable_repo(call))


@query("com.atproto.sync.getRecord", auth=Auth.optional_owner(), scope=app_scopes.ANY)
def get_record(call: Call) -> Answer:
    """A proof that the record is there, or that it is not."""
    repo = readable_repo(call)
    proof = exports.record_proof(repo, call.params["collection"], call.params["rkey"])
    return Whole(proof, _CAR)


@query(
    "com.atproto.sync.getBlocks", auth=Auth.optional_owner(), scope=app_scopes.ANY, pool="transfer"
)
def get_blocks(call: Call) -> Answer:
    repo = readable_repo(call)
    cids = [_cid(text) for text in call.params["cids"]]
    return Streamed(exports.blocks(repo, cids), _CAR, is_compressible=True)


@query(
    "com.atproto.sync.getLatestCommit",
    auth=Auth.optional_owner(),
    scope=app_scopes.ANY,
    small=_small(_latest_commit),
)
def get_latest_commit(call: Call) -> Answer:
    return _latest_commit(readable_repo(call))


@query("com.atproto.sync.getRepoStatus", auth=Auth.none(), small=_small(_status))
def get_repo_status(call: Call) -> Answer:
    return _status(repos.find_repo(call.host, call.params["did"]))


@query("com.atproto.sync.listRepos", auth=Auth.none())
def list_repos(call: Call) -> Answer:
    page = repos.list_repos(call.host, call.params["limit"], call.params.get("cursor"))
    listed = {"repos": [_listed(repo) for repo in page.repos]}
    return listed if page.cursor is None else {**listed, "cursor": page.cursor}


@query(
    "com.atproto.sync.getBlob", auth=Auth.optional_owner(), scope=app_scopes.ANY, pool="transfer"
)
def get_blob(call: Call) -> Answer:
    """Untrusted bytes on our origin: nothing in them may ever run or be taken for a page."""
    repo = readable_repo(call)
    opened = blobs.open_blob(repo, _cid(call.params["cid"]))
    name = cid.to_text(opened.ref.cid)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": _PRIVATE if call.caller else _BRIEFLY,
    }
    return Stored(opened.file, opened.ref.size, opened.ref.mime_type, f'"{name}"', headers)


@query("com.atproto.sync.listBlobs", auth=Auth.optional_owner(), scope=app_scopes.ANY)
def list_blobs(call: Call) -> Answer:
    asked = call.params
    repo = readable_repo(call)
    after = _cid(asked["cursor"], "Malformed cursor") if "cursor" in asked else None
    found = blobs.list_blobs(repo, asked["limit"], after, asked.get("since"))
    cids = [cid.to_text(blob_cid) for blob_cid in found]
    return {"cids": cids, "cursor": cids[-1]} if len(cids) == asked["limit"] else {"cids": cids}


@subscription("com.atproto.sync.subscribeRepos")
async def subscribe_repos(
    host: Host, params: Mapping[str, Any]
) -> AsyncGenerator[list[bytes], None]:
    return await follow(host.pk, params.get("cursor"))


def _listed(repo: RepoRow) -> dict[str, Any]:
    listed = {
        "did": repo.did,
        "head": cid.to_text(repo.head),
        "rev": repo.rev,
        "active": repo.is_active,
    }
    return listed if repo.is_active else {**listed, "status": repo.status}


def _cid(text: str, refusal: str = "Not a supported CID") -> bytes:
    try:
        return cid.from_text(text)
    except cid.InvalidCid as fault:
        raise InvalidRequest(refusal) from fault
