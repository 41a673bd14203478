"""What calls need of a server: people, records, blobs, mailed codes, the admin's credentials."""

import asyncio
import base64
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, repeat
from typing import Any, Final

from bench.compare import client
from bench.compare.client import Address, WrongAnswer
from bench.compare.people import POST, Person, Town, new_post
from bench.compare.servers import Server

RECORDS: Final = 200  # of the author who is read
_CODE: Final = re.compile(rb"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b")
_AT_ONCE: Final = 8
_AUTHORS: Final = 16


@dataclass(slots=True)
class Stage:
    """One server with those who call it; made by `Stage.of`."""

    server: Server
    town: Town
    author: Person
    people: Sequence[Person]  # whose sessions, passwords and records stay
    others: Sequence[Person]  # to whom anything may happen but that they go
    blob: dict[str, Any]
    head: str  # the CID of the author's commit

    @classmethod
    async def of(cls, server: Server) -> "Stage":
        """Make the people and what they have."""
        town = Town(server)
        author = await town.author(RECORDS)
        people = [await town.newcomer() for _ in range(_AUTHORS)]
        others = [await town.newcomer() for _ in range(_AUTHORS)]
        stage = cls(server, town, author, people, others, {}, "")
        stage.blob = await stage.posted_blob(author)
        latest = await stage.ask("com.atproto.sync.getLatestCommit", did=author.did)
        stage.head = latest["cid"]
        return stage

    @property
    def address(self) -> Address:
        return self.server.address

    @property
    def admin(self) -> str:
        """The Authorization header of the host's admin."""
        pair = base64.b64encode(f"admin:{self.server.admin_password}".encode()).decode()
        return f"Basic {pair}"

    def query(self, nsid: str, token: str = "", /, **params: Any) -> Iterator[bytes]:
        """The same query for ever."""
        return repeat(client.request_bytes(self.address, nsid, params, token=token))

    def call(self, nsid: str, token: str = "", /, **body: Any) -> bytes:
        """One procedure with JSON, or with no body at all."""
        return client.request_bytes(self.address, nsid, body=body or b"", token=token)

    async def ask(self, nsid: str, token: str = "", /, **params: Any) -> Any:
        return await client.call(self.address, nsid, params, token=token)

    async def tell(self, nsid: str, token: str = "", /, **body: Any) -> Any:
        return await client.call(self.address, nsid, body=body or b"", token=token)

    def each(self) -> Iterator[Person]:
        """The people, one after the other, for ever."""
        return cycle(self.people)

    def each_other(self) -> Iterator[Person]:
        """The same of those whom nobody else needs as they were."""
        return cycle(self.others)

    async def newcomers(self, count: int) -> list[Person]:
        """So many people for a call that none of them survives."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one() -> Person:
            async with turn:
                return await self.town.newcomer()

        return list(await asyncio.gather(*(one() for _ in range(count))))

    async def posted_blob(self, person: Person) -> dict[str, Any]:
        """A small picture that a record of theirs has."""
        data = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(4_000)
        nsid = "com.atproto.repo.uploadBlob"
        uploaded = await client.call(
            self.address, nsid, body=data, token=person.jwt, content_type="image/jpeg"
        )
        image = {"alt": "noise", "image": uploaded["blob"]}
        post = new_post() | {"embed": {"$type": "app.bsky.embed.images", "images": [image]}}
        nsid = "com.atproto.repo.createRecord"
        await self.tell(nsid, person.jwt, repo=person.did, collection=POST, record=post)
        blob: dict[str, Any] = uploaded["blob"]
        return blob

    async def mailed_code(self, person: Person, purpose: str) -> str:
        """The code of the newest e-mail to somebody: from the sandbox's page, or (`purpose` as its
        table has it) from the reference's database. Raises WrongAnswer."""
        if self.server.name == "reference":
            return self._code_of_reference(person, purpose)
        page = await client.call_bytes(self.address, "/dev/mail", {"to": person.email})
        found = _CODE.search(page)
        if found is None:
            raise WrongAnswer(f"no e-mail with a code for {purpose}")
        return found.group().decode()

    def _code_of_reference(self, person: Person, purpose: str) -> str:
        database = self.server.folder / "account.sqlite"
        sql = "SELECT token FROM email_token WHERE did = ? AND purpose = ?"
        with closing(sqlite3.connect(database)) as connection:
            row = connection.execute(sql, (person.did, purpose)).fetchone()
        if row is None:
            raise WrongAnswer(f"no code for {purpose}")
        return str(row[0])
