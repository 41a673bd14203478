"""Reads: records, pages, proofs, whole repos, blobs; samples are compared with the repo itself."""

import secrets
from random import Random

import orjson

from bench.compare import client, load
from bench.compare.client import WrongAnswer, call, request_bytes
from bench.compare.load import Plan
from bench.compare.people import POST, Person, Town, new_post
from bench.compare.scenarios import Outcome, megabytes, metered, per_second, scenario
from protocol import atjson, car, mst
from protocol.repo import commit

BIG = 10_000  # records in the repo that is read
BLOB_BYTES = 1_000_000
_END_BYTES = 100  # compared of every blob


@scenario(floor=4)
async def get_record(town: Town, seconds: float) -> Outcome:
    """com.atproto.repo.getRecord, 16 connections."""
    author = await town.author(BIG)
    nsid = "com.atproto.repo.getRecord"
    asked = _keys(author)
    params = [{"repo": author.did, "collection": POST, "rkey": rkey} for rkey in asked]
    requests = [request_bytes(town.address, nsid, each) for each in params]
    expected = await _values(town, author)
    sample = await call(town.address, nsid, params[0])
    if orjson.dumps(sample["value"]) != expected[asked[0]]:
        raise WrongAnswer("getRecord differs from the exported repo")

    def make(worker: int, number: int) -> tuple[bytes, object]:
        place = (worker * 131 + number) % len(requests)
        return requests[place], asked[place].encode()

    await load.run(town.address, Plan(16, load.WARM_UP_S), make, _has)
    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(16, seconds), make, _has)
    return per_second(timing, cost)


@scenario(floor=6)
async def list_records(town: Town, seconds: float) -> Outcome:
    """com.atproto.repo.listRecords, pages of 100, 8 connections."""
    author = await town.author(BIG)
    nsid = "com.atproto.repo.listRecords"
    newest_first = sorted(author.rkeys, reverse=True)
    places = Random(1).sample(range(BIG - 100), 300)
    common = {"repo": author.did, "collection": POST, "limit": 100}
    requests = [
        request_bytes(town.address, nsid, {**common, "cursor": newest_first[place]})
        for place in places
    ]
    page = await call(town.address, nsid, {**common, "cursor": newest_first[places[0]]})
    listed = [record["uri"].rpartition("/")[2] for record in page["records"]]
    if listed != newest_first[places[0] + 1 : places[0] + 101]:
        raise WrongAnswer("listRecords gave another page")

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return requests[(worker * 31 + number) % len(requests)], None

    def is_page(status: int, body: bytes, _expected: object) -> bool:
        return status == 200 and body.count(b'"uri":"at://') == 100

    await load.run(town.address, Plan(8, load.WARM_UP_S), make, is_page)
    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(8, seconds), make, is_page)
    return per_second(timing, cost)


@scenario(floor=4)
async def get_record_proof(town: Town, seconds: float) -> Outcome:
    """com.atproto.sync.getRecord, 8 connections."""
    author = await town.author(BIG)
    nsid = "com.atproto.sync.getRecord"
    params = [{"did": author.did, "collection": POST, "rkey": rkey} for rkey in _keys(author)]
    for each in params[:20]:
        _follow_proof(await client.call_bytes(town.address, nsid, each), each["rkey"])
    requests = [request_bytes(town.address, nsid, each) for each in params]

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return requests[(worker * 131 + number) % len(requests)], None

    def is_car(status: int, body: bytes, _expected: object) -> bool:
        return status == 200 and len(body) > 500 and b"eroots" in body[:10]

    await load.run(town.address, Plan(8, load.WARM_UP_S), make, is_car)
    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(8, seconds), make, is_car)
    return per_second(timing, cost)


@scenario(floor=8)
async def get_repo(town: Town, seconds: float) -> Outcome:
    """com.atproto.sync.getRepo of 10,000 records, one reader."""
    author = await town.author(BIG)
    if await town.repo_keys(author) != set(author.rkeys):
        raise WrongAnswer("the export does not hold exactly what was written")
    request = request_bytes(town.address, "com.atproto.sync.getRepo", {"did": author.did})
    size = len(
        await client.call_bytes(town.address, "com.atproto.sync.getRepo", {"did": author.did})
    )

    def is_whole(status: int, body: bytes, _expected: object) -> bool:
        return status == 200 and len(body) == size

    with metered(town.server) as cost:
        timing = await load.run(
            town.address, Plan(1, seconds), lambda _worker, _number: (request, None), is_whole
        )
    return megabytes(timing, cost)


@scenario(floor=1.5)
async def get_blob(town: Town, seconds: float) -> Outcome:
    """com.atproto.sync.getBlob of 1 MB, 4 readers of five blobs."""
    person = await town.newcomer()
    wanted = [await _posted_blob(town, person) for _ in range(5)]

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return wanted[(worker + number) % len(wanted)]

    def is_blob(status: int, body: bytes, expected: object) -> bool:
        return status == 200 and len(body) == BLOB_BYTES and body[-_END_BYTES:] == expected

    await load.run(town.address, Plan(4, load.WARM_UP_S), make, is_blob)
    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(4, seconds), make, is_blob)
    return megabytes(timing, cost)


def jpeg() -> bytes:
    """A megabyte that begins as a JPEG does and is like no other."""
    head = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
    return head + secrets.token_bytes(BLOB_BYTES - len(head))


def _has(status: int, body: bytes, expected: object) -> bool:
    return status == 200 and isinstance(expected, bytes) and expected in body


def _keys(author: Person) -> list[str]:
    return Random(1).sample(author.rkeys, 2_000)


async def _values(town: Town, author: Person) -> dict[str, bytes]:
    """The JSON of every record in the exported repo, by record key."""
    exported = await client.call_bytes(
        town.address, "com.atproto.sync.getRepo", {"did": author.did}
    )
    whole = car.read(exported)
    root = commit.parse(whole.blocks[whole.roots[0]]).data
    items = dict(mst.verify(root, whole.blocks))
    return {
        key.decode().rpartition("/")[2]: atjson.from_cbor(whole.blocks[record])
        for key, record in items.items()
    }


def _follow_proof(proof: bytes, rkey: str) -> None:
    whole = car.read(proof)
    root = commit.parse(whole.blocks[whole.roots[0]]).data
    record = mst.Tree(root, whole.blocks).get(f"{POST}/{rkey}".encode())
    if record not in whole.blocks:
        raise WrongAnswer("a proof does not lead to its record")


async def _posted_blob(town: Town, person: Person) -> tuple[bytes, bytes]:
    """Upload a blob and post it: the request for it, and how it ends."""
    data = jpeg()
    uploaded = await call(
        town.address,
        "com.atproto.repo.uploadBlob",
        body=data,
        token=person.jwt,
        content_type="image/jpeg",
    )
    image = {"alt": "noise", "image": uploaded["blob"]}
    post = new_post() | {"embed": {"$type": "app.bsky.embed.images", "images": [image]}}
    body = {"repo": person.did, "collection": POST, "record": post}
    await call(town.address, "com.atproto.repo.createRecord", body=body, token=person.jwt)
    params = {"did": person.did, "cid": uploaded["blob"]["ref"]["$link"]}
    if await client.call_bytes(town.address, "com.atproto.sync.getBlob", params) != data:
        raise WrongAnswer("getBlob gave other bytes")
    return request_bytes(town.address, "com.atproto.sync.getBlob", params), data[-_END_BYTES:]
