"""Calls that write to a repo, and the ones about preferences and reports."""

import secrets
from collections.abc import Iterator
from itertools import repeat

from bench.compare.client import request_bytes
from bench.compare.people import POST, new_post
from bench.methods.calls import method
from bench.methods.stage import Stage

_REPO = "com.atproto.repo."
_BLOB_BYTES = 100_000


@method(_REPO + "createRecord")
async def create_record(stage: Stage, _count: int) -> Iterator[bytes]:
    def record(did: str) -> dict[str, object]:
        return {"repo": did, "collection": POST, "record": new_post()}

    return (
        stage.call(_REPO + "createRecord", person.jwt, **record(person.did))
        for person in stage.each()
    )


@method(_REPO + "putRecord")
async def put_record(stage: Stage, _count: int) -> Iterator[bytes]:
    return (
        stage.call(
            _REPO + "putRecord",
            person.jwt,
            repo=person.did,
            collection=POST,
            rkey="3jzfcijpj2z2a",
            record=new_post(),
        )
        for person in stage.each()
    )


@method(_REPO + "deleteRecord", is_used_up=True)
async def delete_record(stage: Stage, count: int) -> Iterator[bytes]:
    requests = []
    for person, _ in zip(stage.each(), range(count), strict=False):
        common = {"repo": person.did, "collection": POST}
        made = await stage.tell(_REPO + "createRecord", person.jwt, **common, record=new_post())
        rkey = made["uri"].rpartition("/")[2]
        requests.append(stage.call(_REPO + "deleteRecord", person.jwt, **common, rkey=rkey))
    return iter(requests)


@method(_REPO + "applyWrites")
async def apply_writes(stage: Stage, _count: int) -> Iterator[bytes]:
    def writes() -> list[dict[str, object]]:
        kind = _REPO + "applyWrites#create"
        return [{"$type": kind, "collection": POST, "value": new_post()} for _ in range(10)]

    return (
        stage.call(_REPO + "applyWrites", person.jwt, repo=person.did, writes=writes())
        for person in stage.each()
    )


@method(_REPO + "uploadBlob")
async def upload_blob(stage: Stage, _count: int) -> Iterator[bytes]:
    head = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
    rest = secrets.token_bytes(_BLOB_BYTES)
    return (
        request_bytes(
            stage.address,
            _REPO + "uploadBlob",
            body=head + secrets.token_bytes(16) + rest,
            token=person.jwt,
            content_type="image/jpeg",
        )
        for person in stage.each()
    )


@method("app.bsky.actor.putPreferences")
async def put_preferences(stage: Stage, _count: int) -> Iterator[bytes]:
    wanted = [{"$type": "app.bsky.actor.defs#adultContentPref", "enabled": True}]
    nsid = "app.bsky.actor.putPreferences"
    return (stage.call(nsid, person.jwt, preferences=wanted) for person in stage.each())


@method("com.atproto.moderation.createReport")
async def create_report(stage: Stage, _count: int) -> Iterator[bytes]:
    subject = {"$type": "com.atproto.admin.defs#repoRef", "did": stage.author.did}
    reason = "com.atproto.moderation.defs#reasonSpam"
    nsid = "com.atproto.moderation.createReport"
    return repeat(stage.call(nsid, stage.people[0].jwt, reasonType=reason, subject=subject))
