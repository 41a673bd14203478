"""A small data directory as the reference PDS leaves it, made of an account of ours."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from accounts.identity.keys import signing_keys
from accounts.models import Account
from protocol import car, cid
from repos.reads import exports, repos
from tests.api.clients import Person

_TABLES = {
    "account.sqlite": """
        CREATE TABLE actor (did, handle, createdAt, takedownRef, deactivatedAt, deleteAfter);
        CREATE TABLE account (did, email, passwordScrypt, emailConfirmedAt, invitesDisabled);
        CREATE TABLE app_password (did, name, passwordScrypt, createdAt, privileged);
        CREATE TABLE invite_code (code, availableUses, disabled, forAccount, createdBy, createdAt);
        CREATE TABLE invite_code_use (code, usedBy, usedAt);
    """,
    "sequencer.sqlite": """
        CREATE TABLE repo_seq (seq INTEGER PRIMARY KEY AUTOINCREMENT, did);
    """,
    "store.sqlite": """
        CREATE TABLE repo_root (did, cid, rev, indexedAt);
        CREATE TABLE repo_block (cid, repoRev, size, content);
        CREATE TABLE account_pref (id INTEGER PRIMARY KEY, name, valueJson);
        CREATE TABLE record (uri, cid, collection, rkey, repoRev, indexedAt, takedownRef);
        CREATE TABLE blob (cid, mimeType, size, tempKey, createdAt, takedownRef);
    """,
}
AT = "2026-01-01T00:00:00.000Z"


def scrypt(password: str, salt: str) -> str:
    """As @atproto/pds keeps a password."""
    hashed = hashlib.scrypt(password.encode(), salt=salt.encode(), n=16_384, r=8, p=1, dklen=64)
    return f"{salt}:{hashed.hex()}"


def of_did(did: str) -> str:
    """The salt of an account's app passwords."""
    return hashlib.sha256(did.encode()).digest()[:16].hex()


def make(folder: Path, person: Person, app_password: str, picture: bytes) -> Path:
    """A directory of one account with a host's newest number 41."""
    did = person.did
    store = folder / "actors" / hashlib.sha256(did.encode()).hexdigest()[:2] / did
    (folder / "blocks" / did).mkdir(parents=True)
    store.mkdir(parents=True)
    rows = {
        "actor": [(did, person.handle, AT, None, None, None)],
        "account": [(did, person.email, scrypt(person.password, "ab" * 16), AT, 0)],
        "app_password": [(did, "app", scrypt(app_password, of_did(did)), AT, 0)],
        "invite_code": [("a-code", 3, 0, did, "admin", AT)],
        "invite_code_use": [("a-code", did, AT)],
    }
    _fill(folder / "account.sqlite", rows)
    _fill(folder / "sequencer.sqlite", {"repo_seq": [(number, did) for number in range(1, 42)]})
    _fill_store(store, person, picture)
    link = cid.to_text(cid.of_raw(picture))
    (folder / "blocks" / did / link).write_bytes(picture)
    return folder


def _fill_store(store: Path, person: Person, picture: bytes) -> None:
    account = Account.objects.get(did=person.did)
    repo = repos.find_repo(person.host, person.did)
    blocks = car.read(b"".join(exports.export_repo(repo))).blocks
    rows: dict[str, list[tuple[Any, ...]]] = {
        "repo_root": [(person.did, cid.to_text(repo.head), repo.rev, AT)],
        "repo_block": [
            (cid.to_text(each), repo.rev, len(block), block) for each, block in blocks.items()
        ],
        "account_pref": [(1, "app.bsky.actor.defs#savedFeedsPref", '{"$type":"x","pinned":[]}')],
        "blob": [(cid.to_text(cid.of_raw(picture)), "image/png", len(picture), None, AT, None)],
    }
    _fill(store / "store.sqlite", rows)
    key = signing_keys.signing_key(account.signing_did_key, person.did)
    (store / "key").write_bytes(key.secret)


def _fill(path: Path, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_TABLES[path.name])
        for table, values in rows.items():
            places = ", ".join("?" * len(values[0]))
            database.executemany(f"INSERT INTO {table} VALUES ({places})", values)
