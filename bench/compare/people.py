"""Accounts and records for the scenarios, and what is checked of a repo after them."""

import random
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.compare import client
from bench.compare.client import Address, WrongAnswer
from bench.compare.servers import Server
from protocol import car, mst
from protocol.repo import commit

POST = "app.bsky.feed.post"
BATCH = 200  # writes in one applyWrites: as many as a commit may have
SENTENCE = (
    "the sky over the harbour was clear and the boats went out before dawn while "
    "people on the quay talked about prices weather football and the new bridge"
)
WORDS = tuple(SENTENCE.split(" "))


@dataclass(slots=True)
class Person:
    """One account, with the keys of the records that it was told are stored."""

    did: str
    handle: str
    jwt: str
    refresh_jwt: str = ""
    rkeys: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self._name}@example.com"

    @property
    def password(self) -> str:
        return self._name * 2

    @property
    def _name(self) -> str:
        return self.handle.removesuffix(".test")


@dataclass(slots=True)
class Town:
    """A server and the people that scenarios share; each is made when it is first needed."""

    server: Server
    people: list[Person] = field(default_factory=list)
    big: dict[int, Person] = field(default_factory=dict)
    replay_from: int | None = None

    @property
    def address(self) -> Address:
        return self.server.address

    async def crowd(self, count: int, records: int = 0) -> list[Person]:
        """So many people, each with at least so many records."""
        while len(self.people) < count:
            self.people.append(await self.newcomer())
        for person in self.people[:count]:
            if len(person.rkeys) < records:
                await self.fill(person, records - len(person.rkeys))
        return self.people[:count]

    async def author(self, records: int) -> Person:
        """Somebody with exactly so many records, to whom nobody writes."""
        if records not in self.big:
            person = await self.newcomer()
            await self.fill(person, records)
            self.big[records] = person
        return self.big[records]

    async def newcomer(self, **more: Any) -> Person:
        """A new account; `more` goes into the call (`did`, and `token` as its credential)."""
        login = new_login()
        token = more.pop("token", "")
        nsid = "com.atproto.server.createAccount"
        made = await client.call(self.address, nsid, body={**login, **more}, token=token)
        return Person(made["did"], login["handle"], made["accessJwt"], made["refreshJwt"])

    async def fill(self, person: Person, count: int) -> None:
        """Add posts, a batch a commit."""
        for start in range(0, count, BATCH):
            request = batch_request(self.address, person, min(BATCH, count - start))
            connection = await client.connect(self.address)
            status, body = await connection.exchange(request)
            connection.close()
            if status != 200:
                raise WrongAnswer(f"applyWrites: {status} {body[:200]!r}")
            person.rkeys += rkeys_in(body)

    async def check(self, people: Iterable[Person]) -> None:
        """Every acknowledged record is in the exported repo, whose hashes and tree are right.

        Raises WrongAnswer, or what the reader of the CAR says.
        """
        for person in people:
            kept = await self.repo_keys(person)
            if lost := set(person.rkeys) - kept:
                raise WrongAnswer(f"{len(lost)} acknowledged records of {person.did} are missing")

    async def repo_keys(self, person: Person) -> set[str]:
        """The record keys of posts in the exported repo, verified down to each block."""
        exported = await client.call_bytes(
            self.address, "com.atproto.sync.getRepo", {"did": person.did}, token=person.jwt
        )
        whole = car.read(exported)
        signed = commit.parse(whole.blocks[whole.roots[0]])
        if signed.did != person.did:
            raise WrongAnswer(f"the commit of {person.did} names {signed.did}")
        items = dict(mst.verify(signed.data, whole.blocks))
        if not all(record in whole.blocks for record in items.values()):
            raise WrongAnswer(f"the repo of {person.did} lacks records of its tree")
        return {key.decode().rpartition("/")[2] for key in items}


def new_login() -> dict[str, str]:
    """A handle that nobody has, with an address and a password."""
    name = f"u{secrets.token_hex(5)}"
    return {"handle": f"{name}.test", "email": f"{name}@example.com", "password": name * 2}


def new_post() -> dict[str, Any]:
    """A post of ordinary size, about 250 bytes as CBOR."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return {
        "$type": POST,
        "text": f"{random.getrandbits(48):012x} " + " ".join(random.choices(WORDS, k=20)),
        "langs": ["en"],
        "createdAt": f"{stamp}.{int(now % 1 * 1000):03d}Z",
    }


def post_request(address: Address, person: Person) -> bytes:
    """createRecord of a new post."""
    body = {"repo": person.did, "collection": POST, "record": new_post()}
    nsid = "com.atproto.repo.createRecord"
    return client.request_bytes(address, nsid, body=body, token=person.jwt)


def batch_request(address: Address, person: Person, count: int = BATCH) -> bytes:
    """applyWrites of so many new posts."""
    kind = "com.atproto.repo.applyWrites#create"
    writes = [{"$type": kind, "collection": POST, "value": new_post()} for _ in range(count)]
    body = {"repo": person.did, "writes": writes}
    nsid = "com.atproto.repo.applyWrites"
    return client.request_bytes(address, nsid, body=body, token=person.jwt)


def rkeys_in(answer: bytes) -> list[str]:
    """The record keys of the at-uris in an answer."""
    parts = answer.split(b"/" + POST.encode() + b"/")[1:]
    return [part.split(b'"', 1)[0].decode() for part in parts]
