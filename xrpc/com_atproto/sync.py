"""com.atproto.sync.*: repos as relays and mirrors read them. Source: that namespace's lexicons.

All of it is public while the account is active. An owner's token also opens the owner's own
inactive repo, so that people can always take their data with them.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hosting.models import Host
from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import blobs, files
from repos.events.firehose import follow
from repos.reads import exports, record_proofs, repos, with_collection
from repos.reads.repos import RepoRow, ReposPage
from server.database.prepared import Question, Row
from server.web.bodies.ranges import Stored
from xrpc.auth import app_scopes, suspended_hosts
from xrpc.auth.declared import Auth
from xrpc.auth.subjects import readable_repo
from xrpc.registry import query, subscription
from xrpc.request.call import Answer, Call, Streamed, Whole
from xrpc.request.small_read import SmallCall, SmallFile, SmallRead

_CAR = "application/vnd.ipld.car"
# A takedown must take effect within minutes, in caches too.
_BRIEFLY = "public, max-age=60"
_PRIVATE = "private, max-age=60"
_LISTED_MAX = 100  # repos of a page that the event loop writes


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


def _as_shown(host: Host, repo: RepoRow) -> RepoRow:
    """The repo with the status that the public is told."""
    shown = suspended_hosts.shown_status(host, repo.status)
    return repo if shown == repo.status else replace(repo, status=shown)


@query(
    "com.atproto.sync.getHead",
    auth=Auth.optional_owner(),
    scope=app_scopes.ANY,
    small=_small(_root),
)
def get_head(call: Call) -> Answer:
    """Deprecated: what getLatestCommit says, without the rev."""
    return _root(readable_repo(call))


def _ask_for_proof(call: SmallCall) -> Question | None:
    asked = call.params
    if call.caller:
        return None
    return record_proofs.ask(call.host, asked["did"], asked["collection"], asked["rkey"])


def _public_proof(call: SmallCall, rows: Sequence[Row]) -> bytes | None:
    return record_proofs.public(rows, call.params["collection"], call.params["rkey"])


@query(
    "com.atproto.sync.getRecord",
    auth=Auth.optional_owner(),
    scope=app_scopes.ANY,
    small=SmallRead(_ask_for_proof, _public_proof, _CAR),
)
def get_record(call: Call) -> Answer:
    """A proof that the record is there, or that it is not."""
    repo = readable_repo(call)
    proof = record_proofs.record_proof(repo, call.params["collection"], call.params["rkey"])
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
    return _status(_as_shown(call.host, repos.find_repo(call.host, call.params["did"])))


def _ask_for_page(call: SmallCall) -> Question | None:
    limit = call.params["limit"]
    if limit > _LISTED_MAX:
        return None
    return repos.ask_for_page(call.host, limit, call.params.get("cursor"))


def _small_page(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any]:
    return _page(call.host, repos.page_of(rows, call.params["limit"]))


@query(
    "com.atproto.sync.listRepos",
    auth=Auth.none(),
    small=SmallRead(_ask_for_page, _small_page),
)
def list_repos(call: Call) -> Answer:
    page = repos.list_repos(call.host, call.params["limit"], call.params.get("cursor"))
    return _page(call.host, page)


def _page(host: Host, page: ReposPage) -> dict[str, Any]:
    listed = {"repos": [_listed(_as_shown(host, repo)) for repo in page.repos]}
    return listed if page.cursor is None else {**listed, "cursor": page.cursor}


def _ask_for_blob(call: SmallCall) -> Question | None:
    if call.caller:
        return None
    return blobs.ask_for_blob(call.host, call.params["did"], _cid(call.params["cid"]))


def _public_blob(call: SmallCall, rows: Sequence[Row]) -> SmallFile | None:
    found = blobs.public_blob(rows, _cid(call.params["cid"]))
    if found is None:
        return None
    ref, key = found
    name = cid.to_text(ref.cid)
    opener = partial(files.read, key)
    return SmallFile(opener, ref.size, ref.mime_type, f'"{name}"', _about_blob(name, _BRIEFLY))


@query(
    "com.atproto.sync.getBlob",
    auth=Auth.optional_owner(),
    scope=app_scopes.ANY,
    pool="transfer",
    small=SmallRead(_ask_for_blob, _public_blob),
)
def get_blob(call: Call) -> Answer:
    repo = readable_repo(call)
    opened = blobs.open_blob(repo, _cid(call.params["cid"]))
    name = cid.to_text(opened.ref.cid)
    headers = _about_blob(name, _PRIVATE if call.caller else _BRIEFLY)
    return Stored(opened.file, opened.ref.size, opened.ref.mime_type, f'"{name}"', headers)


def _about_blob(name: str, kept: str) -> dict[str, str]:
    """Untrusted bytes on our origin: nothing in them may ever run or be taken for a page."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": kept,
    }


@query("com.atproto.sync.listReposByCollection", auth=Auth.none())
def list_repos_by_collection(call: Call) -> Answer:
    """A page may hold fewer repos than were asked for, and not be the last."""
    after = with_collection.place(call.params.get("cursor"))
    found, place = with_collection.list_dids(
        [call.host.pk], call.params["collection"], call.params["limit"], after
    )
    shown = {"repos": [{"did": did} for did in found]}
    return shown if place is None else {**shown, "cursor": str(place)}


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
