"""Writes: single records, batches, blobs, whole repos, and what a large repo costs."""

import base64
import secrets
import time

import orjson

from bench.compare import client, load
from bench.compare.client import Address, WrongAnswer, call, request_bytes
from bench.compare.load import Plan
from bench.compare.people import (
    BATCH,
    POST,
    Person,
    Town,
    batch_request,
    new_login,
    new_post,
    post_request,
    rkeys_in,
)
from bench.compare.reading import BLOB_BYTES, jpeg
from bench.compare.scenarios import Outcome, metered, per_second, scenario
from protocol import atjson, car, cid, mst, tid
from protocol.did import plc
from protocol.did.plc_data import genesis
from protocol.keys import SigningKey
from protocol.repo import commit

IMPORTED = 10_000
SMALL, LARGE = 1_000, 100_000
GROWTH_WRITES = 150


@scenario(floor=8)
async def create_record_spread(town: Town, seconds: float) -> Outcome:
    """createRecord over 50 accounts, 16 writers."""
    people = await town.crowd(50, 100)
    return await _posting(town, people, Plan(16, seconds))


@scenario(floor=5)
async def create_record_one_account(town: Town, seconds: float) -> Outcome:
    """createRecord to one account, 8 writers."""
    person = await town.newcomer()
    await town.fill(person, SMALL)
    return await _posting(town, [person], Plan(8, seconds))


@scenario(floor=8)
async def apply_writes(town: Town, seconds: float) -> Outcome:
    """applyWrites of 200 creates, one writer; in records."""
    person = await town.newcomer()

    def is_right(status: int, body: bytes, _expected: object) -> bool:
        if status != 200:
            return False
        rkeys = rkeys_in(body)
        person.rkeys.extend(rkeys)
        return len(rkeys) == BATCH

    def make(_worker: int, _number: int) -> tuple[bytes, object]:
        return batch_request(town.address, person), None

    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(1, seconds), make, is_right)
    await town.check([person])
    return per_second(timing, cost, BATCH)


@scenario(floor=1.5)
async def upload_blob(town: Town, seconds: float) -> Outcome:
    """uploadBlob of 1 MB, 4 writers, never the same bytes twice."""
    person = await town.newcomer()
    base = jpeg()

    def make(_worker: int, _number: int) -> tuple[bytes, object]:
        data = base[:64] + secrets.token_bytes(16) + base[80:]
        request = request_bytes(
            town.address,
            "com.atproto.repo.uploadBlob",
            body=data,
            token=person.jwt,
            content_type="image/jpeg",
        )
        return request, data

    def is_right(status: int, body: bytes, expected: object) -> bool:
        if status != 200 or not isinstance(expected, bytes):
            return False
        blob = orjson.loads(body)["blob"]
        named = cid.to_text(cid.of_raw(expected)) if secrets.randbelow(10) == 0 else None
        return blob["size"] == BLOB_BYTES and named in (None, blob["ref"]["$link"])

    with metered(town.server) as cost:
        timing = await load.run(town.address, Plan(4, seconds), make, is_right)
    return per_second(timing, cost)


@scenario(floor=6)
async def import_repo(town: Town, _seconds: float) -> Outcome:
    """importRepo of 10,000 posts into an account that moves in; only the import is timed."""
    described = await call(town.address, "com.atproto.server.describeServer")
    mover = await _mover(town, described["did"])
    archive, rkeys = _repo_of(mover.person.did, mover.key)
    request = request_bytes(
        town.address,
        "com.atproto.repo.importRepo",
        body=archive,
        token=mover.person.jwt,
        content_type="application/vnd.ipld.car",
    )

    def is_right(status: int, _body: bytes, _expected: object) -> bool:
        return status == 200

    with metered(town.server) as cost:
        timing = await load.run(
            town.address, Plan(1, count=1), lambda _worker, _number: (request, None), is_right
        )
    if await town.repo_keys(mover.person) != rkeys:
        raise WrongAnswer("the imported repo does not hold what was sent")
    return per_second(timing, cost, IMPORTED)


@scenario(is_lower_better=True)
async def growth(town: Town, _seconds: float) -> Outcome:
    """createRecord at 100,000 records against 1,000: how many times dearer, in turns."""
    small, large = await town.newcomer(), await town.author(LARGE)
    await town.fill(small, SMALL)
    medians: dict[str, list[float]] = {small.did: [], large.did: []}
    for _turn in range(4):
        for person in (small, large):
            outcome = await _posting(town, [person], Plan(1, count=GROWTH_WRITES), is_checked=False)
            medians[person.did].append(outcome.p50_ms or 0.0)
    ratio = min(medians[large.did]) / min(medians[small.did])
    return Outcome(ratio, "times", min(medians[small.did]), min(medians[large.did]))


async def _posting(
    town: Town, people: list[Person], plan: Plan, *, is_checked: bool = True
) -> Outcome:
    """Posts by turns; afterwards every acknowledged one is in its repo."""

    def make(worker: int, number: int) -> tuple[bytes, object]:
        person = people[(worker + number * plan.connections) % len(people)]
        return post_request(town.address, person), person

    def is_right(status: int, body: bytes, expected: object) -> bool:
        if status != 200 or not isinstance(expected, Person):
            return False
        expected.rkeys += rkeys_in(body)
        return b'"cid":"bafyrei' in body

    with metered(town.server) as cost:
        timing = await load.run(town.address, plan, make, is_right)
    if is_checked:
        await town.check(people[:5])
    return per_second(timing, cost)


class _Mover:
    """Somebody whose DID was made elsewhere, with the account that was opened here for it."""

    def __init__(self, person: Person, key: SigningKey) -> None:
        self.person = person
        self.key = key


async def _mover(town: Town, service_did: str) -> _Mover:
    key, rotation = SigningKey.generate(), SigningKey.generate()
    login = new_login()
    signed = plc.sign(
        genesis([rotation.did_key], key.did_key, login["handle"], "https://old.bench.test"),
        rotation,
    )
    did = plc.did_of(signed)
    await _publish(town.server.plc, did, orjson.dumps(signed))
    token = _service_token(did, service_did, "com.atproto.server.createAccount", key)
    return _Mover(await town.newcomer(did=did, token=token), key)


async def _publish(directory: Address, did: str, operation: bytes) -> None:
    await client.call_bytes(directory, f"/{did}", body=operation)


def _service_token(issuer: str, audience: str, method: str, key: SigningKey) -> str:
    """A JWT as atproto.com/specs/xrpc has it, "Inter-Service Authentication"."""
    header = {"typ": "JWT", "alg": "ES256K"}
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "lxm": method,
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    signed = ".".join(_base64(orjson.dumps(part)) for part in (header, claims))
    return f"{signed}.{_base64(key.sign(signed.encode()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _repo_of(did: str, key: SigningKey) -> tuple[bytes, set[str]]:
    """A signed repo of posts as a CAR, and its record keys."""
    now_us = time.time_ns() // 1000
    posts = {
        tid.encode(now_us - (IMPORTED - n) * 1000, 0): atjson.to_cbor(new_post())
        for n in range(IMPORTED)
    }
    named = {rkey: cid.of_dag_cbor(block) for rkey, block in posts.items()}
    root, nodes = mst.build([(f"{POST}/{rkey}".encode(), named[rkey]) for rkey in sorted(named)])
    head = commit.sign(did, tid.encode(now_us, 0), root, key)
    records = [(named[rkey], block) for rkey, block in posts.items()]
    blocks = [(head.cid, head.block), *nodes.items(), *records]
    return car.write(head.cid, blocks), set(posts)
