"""Beside every attack innocent clients are served, and no process grows without end."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.attack.attackers import ATTACKS
from tests.attack.innocents import Caller, everybody
from tests.attack.wire import ADMIN_PASSWORD, ATTACKERS, Address, api_of, innocent_address, sign_up
from tests.concurrency.client import Person
from tests.running import ROOT, RunningGrove, running_grove

pytestmark = pytest.mark.slow

ATTACK_S = float(os.environ.get("GROVE_ATTACK_S", "6"))
P99_MAX_S = 1.0
TIMES_CALM = 3
GROWTH_MAX_BYTES = 150_000_000
BIG_RECORDS = 60
BIG_RECORD_BYTES = 950_000
BIG_BLOB_BYTES = 100_000_000
LABELS = """
from accounts.models import Account
from django.db import connection
from moderation.labels import changes
from tests import factories
labeler = factories.labeler(Account.objects.select_related("host").earliest("pk"))
changes.put(labeler, "did:plc:first", "spam", actor="admin", reason="test")
connection.cursor().execute('''
    INSERT INTO label (labeler_id, did_key, src, uri, cid, val, is_negation, is_current,
        labelled_at, body)
    SELECT labeler_id, did_key, src, 'at://did:plc:' || md5(n::text), '', val, false, true,
        labelled_at, body
    FROM label CROSS JOIN generate_series(1, 50000) n
''')
"""


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    """One server for all attacks: what one leaves behind, the next one meets."""
    with running_grove(GROVE_RATE_LIMITS="on", GROVE_ADMIN_PASSWORD=ADMIN_PASSWORD) as started:
        yield started


@pytest.fixture
def address(attack: str) -> Address:
    return innocent_address(list(ATTACKS).index(attack))


@pytest.fixture
def innocent(grove: RunningGrove, address: Address) -> Person:
    """A new account for each attack: its own writes are limited as everybody's."""
    return sign_up(grove, address)


@pytest.fixture(scope="module")
def made(grove: RunningGrove) -> dict[str, object]:
    """What attackers lay ready, within their limits: an account, large records, a large blob."""
    person = sign_up(grove, ATTACKERS[0])
    api = api_of(grove, ATTACKERS[0], person)
    described = api.call("com.atproto.server.describeServer")
    grove.command(f".venv/bin/python manage.py shell <<'END'\n{LABELS}END")
    return {
        "did": person.did,
        "token": person.token,
        "service_did": described["did"],
        "cids": [_big_record(grove, person, number) for number in range(BIG_RECORDS)],
        "blob": _big_blob(grove, person),
    }


def _big_record(grove: RunningGrove, person: Person, number: int) -> str:
    api = api_of(grove, ATTACKERS[number % 2], person)
    record = {"$type": "com.example.big", "text": f"{number:06d}" + "x" * BIG_RECORD_BYTES}
    wanted = {"repo": person.did, "collection": "com.example.big", "record": record}
    cid: str = api.call("com.atproto.repo.createRecord", {**wanted, "validate": False})["cid"]
    return cid


def _big_blob(grove: RunningGrove, person: Person) -> str:
    api = api_of(grove, ATTACKERS[0], person)
    headers = {
        "Host": f"localhost:{grove.port}",
        "Authorization": f"Bearer {person.token}",
        "Content-Type": "video/mp4",
    }
    body = b"\0" * BIG_BLOB_BYTES
    api.connection.request("POST", "/xrpc/com.atproto.repo.uploadBlob", body, headers)
    blob = json.loads(api.connection.getresponse().read())["blob"]
    record = {"$type": "com.example.video", "video": blob}
    wanted = {"repo": person.did, "collection": "com.example.video", "record": record}
    api.call("com.atproto.repo.createRecord", {**wanted, "validate": False})
    cid: str = blob["ref"]["$link"]
    return cid


@pytest.mark.timeout(120 + 3 * ATTACK_S)
@pytest.mark.parametrize("attack", ATTACKS)
def test_innocent_clients_are_served_beside(
    attack: str,
    grove: RunningGrove,
    address: Address,
    innocent: Person,
    made: dict[str, object],
) -> None:
    callers = everybody(grove, innocent, address)
    _run(callers, 2.0)
    calm_s = max(caller.p99_s() for caller in callers)  # much, where other programs have the cores
    before = _private_bytes(grove)
    callers = everybody(grove, innocent, address)

    most = _run(callers, ATTACK_S, attack=attack, grove=grove, made=made)

    assert {caller.name: caller.refusals for caller in callers if caller.refusals} == {}
    slow = {caller.name: round(caller.p99_s(), 2) for caller in callers}
    assert max(slow.values()) < P99_MAX_S + TIMES_CALM * calm_s, (slow, calm_s)
    grown = {pid: most[pid] - before.get(pid, 0) for pid in most if pid in before}
    assert max(grown.values()) < GROWTH_MAX_BYTES, grown


def _run(
    callers: list[Caller],
    seconds: float,
    *,
    attack: str = "",
    grove: RunningGrove | None = None,
    made: dict[str, object] | None = None,
) -> dict[int, int]:
    """Let callers call, an attack beside them; the most private bytes of each process."""
    most: dict[int, int] = {}
    attacker = _begin(attack, grove, seconds, made or {}) if grove else None
    for caller in callers:
        caller.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.5)
        if grove:
            for pid, size in _private_bytes(grove).items():
                most[pid] = max(size, most.get(pid, 0))
    for caller in callers:
        caller.stop.set()
    for caller in callers:
        caller.join(60)
    if attacker:
        attacker.wait(60)
    return most


def _begin(
    attack: str, grove: RunningGrove, seconds: float, made: dict[str, object]
) -> "subprocess.Popen[bytes]":
    aim = json.dumps({"port": grove.port, "seconds": seconds, "made": made})
    return subprocess.Popen([sys.executable, "-m", "tests.attack.attackers", attack, aim], cwd=ROOT)


def _private_bytes(grove: RunningGrove) -> dict[int, int]:
    """Memory that each process has for itself, in bytes, by process id."""
    sizes: dict[int, int] = {}
    for process in grove.everybody():
        try:
            sizes[process.pid] = process.memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return sizes
