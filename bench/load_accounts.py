"""Fill a host with accounts: `python -m bench.load_accounts --count N`, beside a running Grove.

GROVE_DATA or DATABASE_URL says whose database. Sizes are skewed as on the network: most accounts
hold a handful of records, a few hold thousands. Every repo is whole and valid: records, nodes, a
commit signed with a key of its own, wrapped as any other. Not made: blobs, events of the past, and
operations of the PLC directory (the DIDs are of the right shape and lead nowhere).
"""

import argparse
import random
import secrets
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - needs django.setup()
from django.db import connection, transaction  # noqa: E402 - needs django.setup()

from hosting.models import Host  # noqa: E402 - needs django.setup()
from protocol import cbor, cid, mst, tid  # noqa: E402 - needs django.setup()
from protocol.keys import SigningKey  # noqa: E402 - needs django.setup()
from protocol.repo import commit  # noqa: E402 - needs django.setup()
from server.database import connection as database  # noqa: E402 - needs django.setup()
from server.encryption import keyring  # noqa: E402 - needs django.setup()

PASSWORD = "a-million-of-them"
LARGEST = 5_000  # records
BATCH = 2_000  # accounts in one transaction
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_POST, _LIKE, _FOLLOW = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow"
_SHARES = ((_LIKE, 0.35), (_POST, 0.50), (_FOLLOW, 0.15))  # of an account's records, by path
_MARK = "#" * 24  # where each record differs from the next
_TAKE_IDS = "SELECT setval('account_id_seq', nextval('account_id_seq') + %s)"
_ACCOUNT = """account (id, host_id, did, handle, email, password, signing_did_key,
    opened_at, created_at, has_email_auth_factor, takedown_ref)"""
_REPO = """repo (id, did, host_id, status, head, rev, data, commit, signing_did_key,
    record_count, created_at)"""
_COPY_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_bigint = struct.Struct(">iq").pack
_length = struct.Struct(">i").pack


@dataclass(frozen=True, slots=True)
class Template:
    """A record of one collection, encoded, to be filled with 24 letters."""

    collection: bytes
    before: bytes
    after: bytes
    has_subject: bool

    def filled(self, letters: bytes) -> bytes:
        return self.before + letters + self.after


@dataclass(slots=True)
class Batch:
    """Rows on their way; those of the two large tables are in COPY's binary form already."""

    accounts: list[tuple[object, ...]] = field(default_factory=list)
    keys: list[tuple[object, ...]] = field(default_factory=list)
    repos: list[tuple[object, ...]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    nodes: list[bytes] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    options = parser.parse_args()
    host = Host.objects.get(hostname="localhost")
    begun = time.monotonic()
    record_count = 0
    for made, records in load(host, options.count):
        record_count += records
        rate = made / (time.monotonic() - begun)
        print(f"{made:,} accounts, {record_count:,} records, {rate:,.0f} accounts/s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # or the first readers do it, row by row
        cursor.execute("CHECKPOINT")


def load(host: Host, count: int) -> Iterator[tuple[int, int]]:
    """Make accounts; after each batch, how many there are and how many records it had."""
    password = make_password(PASSWORD)
    rkeys = [tid.encode(1_700_000_000_000_000 + n * 1_000_000, 1).encode() for n in range(LARGEST)]
    templates = _templates()
    for start in range(0, count, BATCH):
        batch = Batch()
        for account_id in _ids(min(BATCH, count - start)):
            _add(batch, host, account_id, password, templates, rkeys)
        _store(batch)
        yield start + len(batch.accounts), len(batch.records)


def record_count() -> int:
    """How many records an account has: a Pareto tail, ten on average."""
    return min(LARGEST, int(2 * random.paretovariate(1.15)))


def _ids(count: int) -> range:
    found = database.row(
        "SELECT setval('account_id_seq', nextval('account_id_seq') + %s)", (count,)
    )
    last: int = found[0] if found else 0
    return range(last - count + 1, last + 1)


def _templates() -> list[tuple[Template, float]]:
    created_at = "2026-11-01T12:00:00.000Z"
    stranger = {"uri": f"at://did:plc:{_MARK}/{_POST}/3lzzzzzzzzzzz", "cid": "bafyrei" + "a" * 52}
    words = "people on the quay talked about prices weather football and the new bridge"
    values: dict[str, dict[str, object]] = {
        _POST: {"text": f"{_MARK} {words} and the boats went out before dawn", "langs": ["en"]},
        _LIKE: {"subject": stranger},
        _FOLLOW: {"subject": f"did:plc:{_MARK}"},
    }
    found = []
    for collection, share in _SHARES:
        value = values[collection] | {"$type": collection, "createdAt": created_at}
        before, _, after = cbor.encode(value).partition(_MARK.encode())
        template = Template(collection.encode(), before, after, collection != _POST)
        found.append((template, share))
    return found


def _add(  # noqa: PLR0913, PLR0917 - what all accounts have in common
    batch: Batch,
    host: Host,
    account_id: int,
    password: str,
    templates: list[tuple[Template, float]],
    rkeys: list[bytes],
) -> None:
    did = "did:plc:" + "".join(random.choices(_BASE32, k=24))
    key = SigningKey.generate()
    rev = tid.encode(time.time_ns() // 1000, 0)
    records = list(_records(templates, rkeys, record_count()))
    root, nodes = mst.build([(path, record_cid) for path, record_cid, *_ in records])
    signed = commit.sign(did, rev, root, key)
    now = datetime.now(UTC)
    name = f"u{account_id}"
    login = (f"{name}.test", f"{name}@example.com", password, key.did_key)
    batch.accounts.append((account_id, host.pk, did, *login, now, now, False, ""))
    batch.keys.append((key.did_key, host.pk, did, keyring.wrap(key.secret), now))
    head = (signed.cid, rev, root, signed.block, key.did_key, len(records), now)
    batch.repos.append((account_id, did, host.pk, "active", *head))
    start, packed_rev = _bigint(8, account_id), _packed(rev.encode())
    for path, record_cid, data, subject in records:
        collection, _, rkey = path.partition(b"/")
        fields = (collection, rkey, record_cid)
        batch.records.append(
            b"".join([b"\x00\x07", start, *map(_packed, fields), packed_rev])
            + (_packed(subject) if subject else _NULL)
            + _packed(data)
        )
    for node_cid, node in nodes.items():
        batch.nodes.append(
            b"".join([b"\x00\x04", start, _packed(node_cid), packed_rev, _packed(node)])
        )


def _records(
    templates: list[tuple[Template, float]], rkeys: list[bytes], count: int
) -> Iterator[tuple[bytes, bytes, bytes, bytes | None]]:
    """Path, CID, block and subject, in the order of paths."""
    left = count
    for template, share in templates:
        is_last = template is templates[-1][0]
        some = left if is_last else min(left, round(count * share))
        left -= some
        start = secrets.randbelow(LARGEST - some + 1)
        for rkey in rkeys[start : start + some]:
            letters = secrets.token_hex(12).encode()
            block = template.filled(letters)
            subject = b"did:plc:" + letters if template.has_subject else None
            yield template.collection + b"/" + rkey, cid.of_dag_cbor(block), block, subject


def _packed(value: bytes) -> bytes:
    return _length(len(value)) + value


def _store(batch: Batch) -> None:
    columns = "repo_id, collection, rkey, cid, rev, subject, data"
    with transaction.atomic():
        _copy_rows("signing_key (did_key, host_id, did, wrapped, created_at)", batch.keys)
        _copy_rows(_ACCOUNT, batch.accounts)
        _copy_rows(_REPO, batch.repos)
        _copy_packed(f"record ({columns})", batch.records)
        _copy_packed("node (repo_id, cid, rev, data)", batch.nodes)


def _copy_rows(into: str, rows: Iterable[tuple[object, ...]]) -> None:
    with database.hot().cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _copy_packed(into: str, rows: list[bytes]) -> None:
    command = f"COPY {into} FROM STDIN (FORMAT BINARY)".encode()
    with database.hot().cursor() as cursor, cursor.copy(command) as copy:
        copy.write(_COPY_START + b"".join(rows) + _COPY_END)


if __name__ == "__main__":
    main()
