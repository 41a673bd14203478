"""Calls that read: repos, records, blobs, identities, what a session shows of its account."""

from collections.abc import Iterator
from itertools import cycle

from bench.compare.client import request_bytes
from bench.compare.people import POST
from bench.methods.calls import method
from bench.methods.stage import Stage

_IDENTITY, _REPO = "com.atproto.identity.", "com.atproto.repo."
_SERVER, _SYNC, _TEMP = "com.atproto.server.", "com.atproto.sync.", "com.atproto.temp."


@method(_REPO + "getRecord")
async def get_record(stage: Stage, _count: int) -> Iterator[bytes]:
    return _over_records(stage, _REPO + "getRecord", "repo")


@method(_SYNC + "getRecord")
async def get_record_proof(stage: Stage, _count: int) -> Iterator[bytes]:
    return _over_records(stage, _SYNC + "getRecord", "did")


def _over_records(stage: Stage, nsid: str, subject: str) -> Iterator[bytes]:
    common = {subject: stage.author.did, "collection": POST}
    each = [{**common, "rkey": rkey} for rkey in stage.author.rkeys]
    return cycle([request_bytes(stage.address, nsid, params) for params in each])


@method(_REPO + "listRecords")
async def list_records(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_REPO + "listRecords", repo=stage.author.did, collection=POST, limit=100)


@method(_REPO + "describeRepo")
async def describe_repo(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_REPO + "describeRepo", repo=stage.author.did)


@method(_REPO + "listMissingBlobs")
async def list_missing_blobs(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_REPO + "listMissingBlobs", stage.author.jwt)


@method(_SYNC + "getBlocks")
async def get_blocks(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_SYNC + "getBlocks", did=stage.author.did, cids=stage.head)


@method(_SYNC + "getBlob")
async def get_blob(stage: Stage, _count: int) -> Iterator[bytes]:
    named = stage.blob["ref"]["$link"]
    return stage.query(_SYNC + "getBlob", did=stage.author.did, cid=named)


@method(_SYNC + "listRepos")
async def list_repos(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_SYNC + "listRepos", limit=10)


@method(_SYNC + "listReposByCollection")
async def list_repos_by_collection(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_SYNC + "listReposByCollection", collection=POST, limit=10)


@method("network.bsky.jetstream.getZstdDictionary")
async def get_zstd_dictionary(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query("network.bsky.jetstream.getZstdDictionary")


def _of_author(nsid: str) -> None:
    @method(nsid)
    async def ask(stage: Stage, _count: int) -> Iterator[bytes]:
        return stage.query(nsid, did=stage.author.did)


for name in (
    "getCheckout", "getHead", "getLatestCommit", "getRepo", "getRepoStatus", "listBlobs"
):  # fmt: skip
    _of_author(_SYNC + name)
_of_author(_IDENTITY + "resolveDid")


@method(_IDENTITY + "resolveHandle")
async def resolve_handle(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_IDENTITY + "resolveHandle", handle=stage.author.handle)


@method(_IDENTITY + "resolveIdentity")
async def resolve_identity(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_IDENTITY + "resolveIdentity", identifier=stage.author.did)


def _of_session(nsid: str) -> None:
    @method(nsid)
    async def ask(stage: Stage, _count: int) -> Iterator[bytes]:
        return stage.query(nsid, stage.author.jwt)


for name in ("checkAccountStatus", "getAccountInviteCodes", "getSession", "listAppPasswords"):
    _of_session(_SERVER + name)
_of_session("app.bsky.actor.getPreferences")
_of_session(_IDENTITY + "getRecommendedDidCredentials")
_of_session(_TEMP + "checkSignupQueue")


@method(_SERVER + "describeServer")
async def describe_server(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_SERVER + "describeServer")


@method(_SERVER + "getServiceAuth")
async def get_service_auth(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _SERVER + "getServiceAuth"
    return stage.query(nsid, stage.author.jwt, aud="did:web:other.example.com", lxm=POST)


@method(_TEMP + "checkHandleAvailability")
async def check_handle_availability(stage: Stage, _count: int) -> Iterator[bytes]:
    return stage.query(_TEMP + "checkHandleAvailability", handle="nobody-yet.test")
