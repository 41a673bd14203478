"""The data directory of a reference PDS, read only: `account.sqlite`, `sequencer.sqlite`, and for
each account `actors/<2 hex>/<did>/store.sqlite` and `key`; its files lie in `blocks/<did>/<cid>`.

Source: the schemas of `@atproto/pds` 0.4 (account-manager/db, actor-store/db, sequencer/db). The
server that it belongs to has to be stopped: what is still in a journal of SQLite's is read, too.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from protocol import car, cid
from protocol.errors import InvalidRequest
from protocol.keys import SigningKey
from protocol.syntax import is_network_did
from repos.maintenance.restore import SEQ_MAX

_KEY_MAX_BYTES: Final = 64
_ACTORS: Final = """
    SELECT a.did, a.handle, a.createdAt, a.takedownRef, a.deactivatedAt, a.deleteAfter,
        c.email, c.passwordScrypt, c.emailConfirmedAt, c.invitesDisabled
    FROM actor a LEFT JOIN account c USING (did) ORDER BY a.createdAt, a.did
"""


class NotADirectory(InvalidRequest):
    """400: there is no data directory of a reference PDS."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A data directory; `blobs` is where its files lie."""

    path: Path
    blobs: Path

    def check(self) -> None:
        """Raises NotADirectory."""
        for name in ("account.sqlite", "sequencer.sqlite", "actors"):
            if not (self.path / name).exists():
                raise NotADirectory(f"{self.path} is no data directory of a PDS: it has no {name}.")
        if not self.blobs.is_dir():
            raise NotADirectory(f"{self.blobs}: there are no files. --blobs says where they are.")

    def accounts(self) -> list[dict[str, Any]]:
        """A row for each account, the oldest first; `email` is null for one that is not whole."""
        return self._rows("account.sqlite", _ACTORS)

    def app_passwords(self, did: str) -> list[dict[str, Any]]:
        """`name`, `passwordScrypt`, `createdAt`, `privileged`."""
        return self._rows("account.sqlite", "SELECT * FROM app_password WHERE did = ?", did)

    def invite_codes(self) -> list[dict[str, Any]]:
        """As the table has them."""
        return self._rows("account.sqlite", "SELECT * FROM invite_code ORDER BY createdAt")

    def invite_uses(self, code: str) -> list[dict[str, Any]]:
        """`usedBy`, `usedAt`."""
        return self._rows("account.sqlite", "SELECT * FROM invite_code_use WHERE code = ?", code)

    def last_seq(self) -> int:
        """The newest number of its firehose."""
        sql = "SELECT coalesce(max(seq), 0) AS seq FROM repo_seq"
        counted = self._rows("sequencer.sqlite", sql)[0]["seq"]
        # SQLite gives no number twice; events that were removed had one, too
        given = self._rows(
            "sequencer.sqlite", "SELECT seq FROM sqlite_sequence WHERE name = 'repo_seq'"
        )
        found = [counted, *(row["seq"] for row in given)]
        if not all(isinstance(seq, int) and 0 <= seq <= SEQ_MAX for seq in found):
            raise NotADirectory("sequencer.sqlite cannot have sent so many events.")
        return int(max(found))

    def store_of(self, did: str) -> "Store":
        """An account's own database, key and files. Raises NotADirectory."""
        if not is_network_did(did):  # it is a folder's name
            raise NotADirectory("that is no DID")
        folder = self.path / "actors" / hashlib.sha256(did.encode()).hexdigest()[:2] / did
        if not (folder / "store.sqlite").is_file() or not (folder / "key").is_file():
            raise NotADirectory("its store or its key is not there")
        return Store(folder, self.blobs / did, self.blobs / "quarantine" / did)

    def _rows(self, name: str, sql: str, *values: str) -> list[dict[str, Any]]:
        return _read(self.path / name, sql, *values)


@dataclass(frozen=True, slots=True)
class Store:
    """What one account has of its own."""

    folder: Path
    files: Path
    quarantine: Path

    def key(self) -> SigningKey:
        """The repo's signing key."""
        with (self.folder / "key").open("rb") as file:
            return SigningKey.load("k256", file.read(_KEY_MAX_BYTES))

    def head(self) -> bytes:
        """The CID of the newest commit. Raises NotADirectory."""
        found = self._rows("SELECT cid FROM repo_root")
        if len(found) != 1:
            raise NotADirectory("it has no repo")
        return cid.from_text(found[0]["cid"])

    def car(self) -> Iterator[bytes]:
        """The repo as a CAR."""
        yield car.header([self.head()])
        with _opened(self.folder / "store.sqlite") as database:
            for row in database.execute("SELECT cid, content FROM repo_block"):
                if not isinstance(row["content"], bytes):  # of a number, bytes() makes as many
                    raise NotADirectory("a block of its repo cannot be read")
                yield car.frame(cid.from_text(row["cid"]), row["content"])

    def preferences(self) -> list[dict[str, Any]]:
        """`name`, `valueJson`, in their order."""
        return self._rows("SELECT name, valueJson FROM account_pref ORDER BY id")

    def takedowns(self) -> list[dict[str, Any]]:
        """Records that are hidden: `collection`, `rkey`, `takedownRef`."""
        sql = "SELECT collection, rkey, takedownRef FROM record WHERE takedownRef IS NOT NULL"
        return self._rows(sql)

    def blobs(self) -> list[dict[str, Any]]:
        """Files that a record refers to or that were taken down: `cid`, `mimeType`, `size`,
        `takedownRef`."""
        sql = "SELECT cid, mimeType, size, takedownRef FROM blob WHERE tempKey IS NULL"
        return self._rows(sql)

    def file(self, blob: dict[str, Any]) -> Path:
        """Where a file lies, if it is there."""
        folder = self.quarantine if blob["takedownRef"] else self.files
        return folder / cid.to_text(cid.from_text(blob["cid"]))

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        return _read(self.folder / "store.sqlite", sql)


def _read(path: Path, sql: str, *values: str) -> list[dict[str, Any]]:
    with _opened(path) as database:
        return [dict(row) for row in database.execute(sql, values)]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Raises NotADirectory for what is no such database."""
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        with closing(database):
            database.row_factory = sqlite3.Row
            yield database
    except sqlite3.Error as fault:
        raise NotADirectory(f"{path.name} cannot be read: {fault}") from fault
