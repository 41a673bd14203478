"""Says labels at a pace, and asks for them: `python -m bench.label_load`, beside a running Grove.

`python -m bench.labels` starts one. First labels are signed and written as the verbs of staff do
it, in batches, without their audit entries. What subscribers follow are copies of one, written by
Postgres itself at the pace: signing would take the core that serving them needs. So are the million
that questions are asked among.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime

import django

django.setup()

from django.db import connection  # noqa: E402 - needs django.setup()
from django.utils import timezone  # noqa: E402 - needs django.setup()

from accounts.identity.keys import signing_keys  # noqa: E402 - needs django.setup()
from accounts.models import Account  # noqa: E402 - needs django.setup()
from bench.compare import client  # noqa: E402 - needs django.setup()
from bench.compare.client import Address, request_bytes  # noqa: E402 - needs django.setup()
from hosting.models import Host  # noqa: E402 - needs django.setup()
from moderation.labels import signing, statements  # noqa: E402 - needs django.setup()
from moderation.labels.signing import Statement  # noqa: E402 - needs django.setup()
from moderation.models import Labeler  # noqa: E402 - needs django.setup()
from protocol.keys import SigningKey  # noqa: E402 - needs django.setup()

NSID = "com.atproto.label.subscribeLabels"
SECONDS = 10
SPEAK_S = 3
ROUNDS_A_SECOND = 50
BATCH = 500
ASKED = 500
PACED = """
    INSERT INTO label (labeler_id, did_key, src, uri, cid, val, is_negation, is_current,
        labelled_at, body)
    SELECT labeler_id, did_key, src, %s || n, '', val, false, true, labelled_at, body
    FROM label CROSS JOIN generate_series(1, %s) n WHERE id = (SELECT min(id) FROM label)
"""
COPIES = """
    INSERT INTO label (labeler_id, did_key, src, uri, cid, val, is_negation, is_current,
        labelled_at, body, seq, position)
    SELECT labeler_id, did_key, src,
        'at://did:plc:' || substr(md5((n / 20)::text), 1, 24) || '/app.bsky.feed.post/' || n,
        '', val, false, true, labelled_at, body, -n, -n
    FROM label CROSS JOIN generate_series(1, %s) n WHERE id = (SELECT min(id) FROM label)
"""


def labeler() -> Labeler:
    """The labeler of the sandbox's first tenant, an account without a repo."""
    host = Host.objects.select_related("tenant").order_by("pk")[0]
    did = "did:plc:" + "b" * 24
    account = Account.objects.create(
        host=host,
        did=did,
        handle="labeler-of-the-bench.test",
        email="b@example.com",
        signing_did_key=signing_keys.new_signing_key(host, did).did_key,
        opened_at=timezone.now(),
    )
    key = SigningKey.generate()
    made = Labeler.objects.create(
        tenant=host.tenant,
        host=host,
        account=account,
        did=account.did,
        signing_did_key=key.did_key,
    )
    signing.store(made, key)
    return made


def speak(made: Labeler) -> None:
    """How many labels a second are signed and written, as staff say them."""
    began, number = time.perf_counter(), 0
    while (taken_s := time.perf_counter() - began) < SPEAK_S:
        at, first = datetime.now(UTC), number * BATCH
        batch = [
            Statement(made.did, f"at://did:plc:said/app.bsky.feed.post/{n}", "spam", at)
            for n in range(first, first + BATCH)
        ]
        statements.say(made, batch)
        number += 1
    print(f"said: {number * BATCH / taken_s:,.0f} labels a second, by one process")


def follow(pace: int, subscribers: int) -> int:
    """Signed labels written at a pace, and whether every subscriber got every one, and when; how
    many there were."""
    readers = _readers(subscribers)
    began = time.perf_counter()
    for number in range(SECONDS * ROUNDS_A_SECOND):
        with connection.cursor() as cursor:
            cursor.execute(PACED, [f"at://did:plc:paced/{number}/", pace // ROUNDS_A_SECOND])
        due = began + (number + 1) / ROUNDS_A_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
    wrote_s = time.perf_counter() - began
    total = SECONDS * ROUNDS_A_SECOND * (pace // ROUNDS_A_SECOND)
    counts = _await(readers, total)
    all_s = time.perf_counter() - began
    print(f"written: {total / wrote_s:,.0f} labels a second in {wrote_s:.1f} s")
    print(
        f"read: {min(counts):,} to {max(counts):,} of {total:,} by {len(counts)} subscribers, the"
        f" last {1000 * (all_s - wrote_s):,.0f} ms after the last was written;"
        f" {sum(counts) / all_s:,.0f} frames a second"
    )
    return total


def replay(total: int, subscribers: int) -> None:
    """All of them from cursor 0."""
    began = time.perf_counter()
    counts = _await(_readers(subscribers, "replay"), total)
    taken_s = time.perf_counter() - began
    print(
        f"replay from 0: {min(counts):,} to {max(counts):,} of {total:,} by {len(counts)} in"
        f" {taken_s:.1f} s, their start included; {sum(counts) / taken_s:,.0f} frames a second"
    )


def _readers(subscribers: int, *more: str) -> "subprocess.Popen[str]":
    port = os.environ["GROVE_PORT"]
    command = [sys.executable, "-m", "bench.compare.readers", port, str(subscribers), NSID, *more]
    readers = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert readers.stdout is not None
    readers.stdout.readline()
    return readers


def _await(readers: "subprocess.Popen[str]", total: int) -> list[int]:
    """How many each of them got, when all have all or it is too late."""
    assert readers.stdin is not None
    assert readers.stdout is not None
    readers.stdin.write(f"{total}\n")
    readers.stdin.flush()
    counts: list[int] = json.loads(readers.stdout.readline())
    readers.wait()
    return counts


def fill(count: int) -> None:
    """So many labels more."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES, [count])
        cursor.execute("VACUUM ANALYZE label")


async def ask(title: str, queries: list[str]) -> None:
    """Milliseconds of questions one after the other, on one connection."""
    address = Address(int(os.environ["GROVE_PORT"]))
    opened = await client.connect(address)
    times = []
    found = 0
    for query in queries:
        began = time.perf_counter()
        path = f"com.atproto.label.queryLabels?{query}"
        status, body = await opened.exchange(request_bytes(address, path))
        times.append(1000 * (time.perf_counter() - began))
        assert status == 200, body
        found += len(json.loads(body)["labels"])
    opened.close()
    times.sort()
    middle, late = statistics.median(times), times[int(len(times) * 0.99) - 1]
    print(f"{title}: {middle:.2f} ms, 99th {late:.2f} ms, {found} labels")


def main(pace: int = 5_000, subscribers: int = 100, count: int = 1_000_000) -> None:
    speak(labeler())
    written = follow(pace, subscribers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM label WHERE seq IS NOT NULL")
        (total,) = cursor.fetchone()
    assert total >= written
    for followers in (1, subscribers):
        replay(total, followers)
    fill(count)
    with connection.cursor() as cursor:
        cursor.execute("SELECT uri FROM label ORDER BY md5(uri) LIMIT %s", [ASKED])
        uris = [uri for (uri,) in cursor.fetchall()]
    print(f"at {count:,} labels:")
    pages = [uris[at : at + 25] for at in range(0, ASKED, 25)]
    asked = {
        "by subject": [f"uriPatterns={uri}" for uri in uris],
        "by 25 subjects": ["&".join(f"uriPatterns={uri}" for uri in page) for page in pages],
        "by account": [f"uriPatterns={uri.rpartition('/app')[0]}/*" for uri in uris[:100]],
        "all, 250 a page": ["uriPatterns=*&limit=250"] * 50,
        "none": [f"uriPatterns={uri}x*" for uri in uris[:100]],
    }
    for title, queries in asked.items():
        asyncio.run(ask(title, queries))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
