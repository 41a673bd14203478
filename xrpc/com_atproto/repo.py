"""com.atproto.repo.*: writing one's own repo, reading anybody's. Source: that namespace's lexicons.

Writes pass through repos.commits.writes (checks, encoding) and repos.commits.group_commit (the
commit). Stored records leave as the JSON text that repos.reads.records makes of their CBOR, without
being parsed on the way.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from accounts.identity import published_dids
from accounts.models import Account
from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import legacy_profiles, uploads
from repos.blobs.missing import list_missing
from repos.commits import writes
from repos.commits.group_commit import Applied, Result, apply_writes
from repos.commits.writes import Swap, Write
from repos.imports import receive
from repos.reads import descriptions, record_pages, records, refusals, repos
from repos.reads.repos import RepoRef
from server.database.prepared import Question, Row
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, Auth
from xrpc.auth.service_callers import spending
from xrpc.auth.subjects import (
    NO_HANDLE,
    account_of,
    blob_limit_bytes,
    handle_of,
    own_account,
    own_repo,
    own_repo_as_it_is,
)
from xrpc.proxy import destinations
from xrpc.proxy.forwardable_methods import handed_on
from xrpc.registry import procedure, query
from xrpc.request.bodies import RECORD_LIMIT_BYTES
from xrpc.request.call import Answer, Call, Encoded
from xrpc.request.small_read import SmallCall, SmallRead

_WRITES = "com.atproto.repo.applyWrites#"
_RESULT_OF = {"create": "createResult", "update": "updateResult", "delete": "deleteResult"}


@procedure(
    "com.atproto.repo.createRecord",
    auth=Auth.account(),
    scope=app_scopes.write("create"),
    pool="write",
    body_limit=RECORD_LIMIT_BYTES,
    limits=(rate_limits.CREATE_RECORD,),
)
def create_record(call: Call) -> Answer:
    asked = call.input
    repo = own_repo(call, asked["repo"])
    write = writes.create(
        asked["collection"], asked.get("rkey"), asked["record"], asked.get("validate")
    )
    applied = apply_writes(repo, [write], _swap_commit(asked), call.session, call.actor)
    return {**_stored(repo, applied.results[0]), **_commit(applied)}


@procedure(
    "com.atproto.repo.putRecord",
    auth=Auth.account(),
    scope=app_scopes.write("create", "update"),
    pool="write",
    body_limit=RECORD_LIMIT_BYTES,
    limits=(rate_limits.PUT_RECORD,),
)
def put_record(call: Call) -> Answer:
    asked = call.input
    repo = own_repo(call, asked["repo"])
    collection, rkey = asked["collection"], asked["rkey"]
    record = legacy_profiles.renewed(repo.id, collection, asked["record"])
    write = writes.put(collection, rkey, record, asked.get("validate"), _swap_record(asked))
    applied = apply_writes(repo, [write], _swap_commit(asked), call.session, call.actor)
    return {**_stored(repo, applied.results[0]), **_commit(applied)}


@procedure(
    "com.atproto.repo.deleteRecord",
    auth=Auth.account(),
    scope=app_scopes.write("delete"),
    pool="write",
    limits=(rate_limits.DELETE_RECORD,),
)
def delete_record(call: Call) -> Answer:
    asked = call.input
    repo = own_repo(call, asked["repo"])
    write = writes.discard(asked["collection"], asked["rkey"], _swap_record(asked))
    return _commit(apply_writes(repo, [write], _swap_commit(asked), call.session, call.actor))


@procedure(
    "com.atproto.repo.applyWrites",
    auth=Auth.account(),
    scope=app_scopes.EACH_WRITE,
    pool="write",
    body_limit=RECORD_LIMIT_BYTES,
    limits=(rate_limits.APPLY_WRITES,),
)
def apply_many_writes(call: Call) -> Answer:
    asked = call.input
    repo = own_repo(call, asked["repo"])
    kinds = [wanted["$type"].removeprefix(_WRITES) for wanted in asked["writes"]]
    batch = [
        _write(kind, wanted, asked) for kind, wanted in zip(kinds, asked["writes"], strict=True)
    ]
    applied = apply_writes(repo, batch, _swap_commit(asked), call.session, call.actor)
    results = [
        _result(repo, kind, result) for kind, result in zip(kinds, applied.results, strict=True)
    ]
    return {**_commit(applied), "results": results}


def _ask_for_record(call: SmallCall) -> Question:
    asked = call.params
    return records.ask_for_record(call.host, asked["repo"], asked["collection"], asked["rkey"])


def _public_record(call: SmallCall, rows: Sequence[Row]) -> bytes | None:
    asked = call.params
    return records.public_record(rows, asked["collection"], asked["rkey"], asked.get("cid"))


@query(
    "com.atproto.repo.getRecord",
    auth=Auth.none(),
    small=SmallRead(_ask_for_record, _public_record),
)
def get_record(call: Call) -> Answer:
    """A record of a repo that is not here is the app view's to show, where there is one."""
    asked = call.params
    collection, rkey, cid_text = asked["collection"], asked["rkey"], asked.get("cid")
    try:
        return Encoded(records.get_record(call.host, asked["repo"], collection, rkey, cid_text))
    except refusals.RecordElsewhere:
        view = destinations.app_view(call.host)
        if view is None:
            raise
        return handed_on(call, "com.atproto.repo.getRecord", view)


@query("com.atproto.repo.listRecords", auth=Auth.none())
def list_records(call: Call) -> Answer:
    asked = call.params
    return Encoded(
        record_pages.list_records(
            call.host,
            asked["repo"],
            asked["collection"],
            asked["limit"],
            asked.get("cursor"),
            asked.get("reverse", False),
        )
    )


def _ask_for_description(call: SmallCall) -> Question:
    return descriptions.ask(call.host, call.params["repo"])


def _public_description(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    found = descriptions.public(call.host, rows)
    return None if found is None else _described(*found)


@query(
    "com.atproto.repo.describeRepo",
    auth=Auth.none(),
    small=SmallRead(_ask_for_description, _public_description),
)
def describe_repo(call: Call) -> Answer:
    repo = repos.active_repo(call.host, call.params["repo"])
    return _described(account_of(call.host, repo), descriptions.collections(repo))


def _described(account: Account, collections: Sequence[str]) -> dict[str, Any]:
    """`handleIsCorrect`: we are the directory's source and the handle's server at once, so a handle
    that the account shows leads back to it; of other domains this is looked at daily."""
    return {
        "handle": handle_of(account),
        "did": account.did,
        "didDoc": published_dids.document_of(account),
        "collections": collections,
        "handleIsCorrect": handle_of(account) != NO_HANDLE,
    }


@procedure(
    "com.atproto.repo.uploadBlob",
    auth=Auth.account_or_service(),
    scope=app_scopes.UPLOAD,
    pool="transfer",
    body_limit=blob_limit_bytes,
    limits=(rate_limits.UPLOAD_BLOB, rate_limits.UPLOADED_BYTES),
)
def upload_blob(call: Call) -> Answer:
    repo = own_repo_as_it_is(call)
    body = call.body
    length = None if body.is_encoded else body.length
    check = call.permissions.require_upload if call.permissions else None  # of the bytes' own type
    with spending(call):
        ref = uploads.stage(
            repo, body, body.content_type, length, body.limit_bytes, body.file, check
        )
    link = {"$link": cid.to_text(ref.cid)}
    return {"blob": {"$type": "blob", "ref": link, "mimeType": ref.mime_type, "size": ref.size}}


@procedure(
    "com.atproto.repo.importRepo",
    auth=Auth.account(FULL),
    scope=app_scopes.MANAGE_REPO,
    pool="transfer",
    body_limit=settings.IMPORT_LIMIT_BYTES,
    limits=(rate_limits.IMPORT_REPO, rate_limits.IMPORT_WRITES, rate_limits.UPLOADED_BYTES),
)
def import_repo(call: Call) -> Answer:
    repo = repos.find_repo(call.host, own_account(call).did)
    with rate_limits.importing(call):
        receive.import_car(repo, iter(call.body.read, b""))
    return None


@query("com.atproto.repo.listMissingBlobs", auth=Auth.account(), scope=app_scopes.ANY)
def list_missing_blobs(call: Call) -> Answer:
    asked = call.params
    repo = repos.find_repo(call.host, own_account(call).did)
    found = list_missing(repo.id, asked["limit"], _blob_cursor(asked.get("cursor")))
    listed = [
        {"cid": cid.to_text(blob.cid), "recordUri": f"at://{repo.did}/{blob.path}"}
        for blob in found
    ]
    if len(listed) < asked["limit"]:
        return {"blobs": listed}
    return {"blobs": listed, "cursor": listed[-1]["cid"]}


def _blob_cursor(text: str | None) -> bytes | None:
    try:
        return None if text is None else cid.from_text(text)
    except cid.InvalidCid as fault:
        raise InvalidRequest("Malformed cursor") from fault


def _write(kind: str, wanted: Mapping[str, Any], asked: Mapping[str, Any]) -> Write:
    """One entry of applyWrites; the lexicon's union is closed, so there are these three kinds."""
    collection, validate = wanted["collection"], asked.get("validate")
    if kind == "create":
        return writes.create(collection, wanted.get("rkey"), wanted["value"], validate)
    if kind == "update":
        return writes.update(collection, wanted["rkey"], wanted["value"], validate)
    return writes.delete(collection, wanted["rkey"])


def _swap_commit(asked: Mapping[str, Any]) -> bytes | None:
    swap = asked.get("swapCommit")
    return None if swap is None else writes.swap_cid(swap)


def _swap_record(asked: Mapping[str, Any]) -> bytes | Swap | None:
    """Absent says nothing about the record that is there, null says that there is none."""
    if "swapRecord" not in asked:
        return Swap.ANY
    swap = asked["swapRecord"]
    return None if swap is None else writes.swap_cid(swap)


def _commit(applied: Applied) -> dict[str, Any]:
    """`commit`, left out when nothing had to change."""
    if applied.commit is None:
        return {}
    return {"commit": {"cid": cid.to_text(applied.commit), "rev": applied.rev}}


def _stored(repo: RepoRef, result: Result) -> dict[str, Any]:
    stored = {"uri": f"at://{repo.did}/{result.path}", "cid": cid.to_text(result.cid or b"")}
    if result.validation_status is not None:
        stored["validationStatus"] = result.validation_status
    return stored


def _result(repo: RepoRef, kind: str, result: Result) -> dict[str, Any]:
    typed = {"$type": _WRITES + _RESULT_OF[kind]}
    return typed if kind == "delete" else {**typed, **_stored(repo, result)}
