"""A real reference PDS is stopped, and its data directory becomes a host of ours; whoever followed
its firehose strictly reads on.

Needs GROVE_REFERENCE (test_moving.py). `GROVE_ADOPTED=20,100,5`: accounts, and records and files of
each.
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib import request

import pytest
from websockets.sync.client import connect

from hosting.models import Host, Tenant
from hosting.tenancy import routing
from moderation.audit import OPERATOR
from protocol import cid
from protocol.keys import SigningKey
from provider.adoption import adopting
from provider.adoption.adopting import Wanted
from provider.adoption.reference_directory import Directory
from provider.tenancy import tenants
from repos.maintenance import check
from repos.maintenance.independent import blocks, events
from repos.maintenance.independent.events import Event
from repos.maintenance.independent.verification import Verifier
from repos.models import Repo
from tests.api import network
from tests.api.clients import Api
from tests.browser.stories import NODE
from tests.interop.network import client
from tests.interop.test_moving import REFERENCE
from tests.running import ROOT, RunningGrove, free_port, running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="GROVE_REFERENCE names no reference PDS"),
]
ACCOUNTS, RECORDS, BLOBS = map(int, os.environ.get("GROVE_ADOPTED", "20,100,5").split(","))
PASSWORD = "correct horse battery"
NAME, NO_MAIL = "pds.acme.example", "smtp://127.0.0.1:9"


@dataclass(frozen=True)
class Left:
    """What a reference PDS left: its directory, and where each account's repo stood."""

    path: Path
    heads: dict[str, str]


def call(url: str, nsid: str, body: object, token: str = "", kind: str = "application/json") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}
    asked = request.Request(f"{url}/xrpc/{nsid}", data, headers)
    with request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def fill(url: str, number: int, domain: str = ".test") -> tuple[str, str]:
    """An account with its records and files; its DID and head."""
    handle = f"user{number}{domain}"
    new = {"handle": handle, "email": f"u{number}@example.org", "password": PASSWORD}
    made = call(url, "com.atproto.server.createAccount", new)
    token, did = made["accessJwt"], made["did"]
    for each in range(RECORDS):
        record: dict[str, Any] = {"text": f"{each}", "createdAt": "2026-01-01T00:00:00Z"}
        if each < BLOBS:
            picture = b"%d of %d" % (each, number)
            blob = call(url, "com.atproto.repo.uploadBlob", picture, token, "image/png")["blob"]
            images = [{"image": blob, "alt": ""}]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        write = {"repo": did, "collection": "app.bsky.feed.post", "record": record}
        last = call(url, "com.atproto.repo.createRecord", write, token)
    return did, last["commit"]["cid"]


@pytest.fixture
def left(tmp_path: Path) -> Left:
    port, plc_port = free_port(), free_port()
    process = subprocess.Popen(
        [
            *(str(NODE), "start.mjs", "--dir", str(tmp_path)),
            *("--port", str(port), "--plc-port", str(plc_port)),
        ],
        cwd=REFERENCE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["pds"][0]
        with ThreadPoolExecutor(4) as pool:
            heads = dict(pool.map(lambda number: fill(url, number), range(ACCOUNTS)))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    return Left(tmp_path / str(port), heads)


def test_its_people_notice_nothing(left: Left, monkeypatch, settings, folder) -> None:
    settings.VALKEY_URL = ""
    network.stand_in(monkeypatch, [])
    tenants.create("acme", {"name": "Acme"}, OPERATOR)
    wanted = Wanted("pds.acme.org", [".test"], SigningKey.generate("k256").secret)
    directory = Directory(left.path, left.path / "blobs")
    said = adopting.adopt(directory, Tenant.objects.get(), wanted, OPERATOR, is_dry_run=True)
    assert adopting.adopt(directory, Tenant.objects.get(), wanted, OPERATOR) == said
    assert said.left == []
    counted = {name: said.counts[name] for name in ("accounts", "records", "blobs")}
    assert counted == {
        "accounts": ACCOUNTS, "records": ACCOUNTS * RECORDS, "blobs": ACCOUNTS * BLOBS,
    }  # fmt: skip
    heads = Repo.objects.values_list("did", "head")
    assert {did: cid.to_text(bytes(head)) for did, head in heads} == left.heads
    for repo_id in Repo.objects.values_list("pk", flat=True):
        assert check.check_repo(repo_id, lambda _: None).damages == []
    routing.forget()
    host = Host.objects.select_related("tenant").get()
    login = {"identifier": "user0.test", "password": PASSWORD}
    signed_in = Api(host).call("com.atproto.server.createSession", **login)
    assert signed_in.status_code == 200


class Follower:
    """Reads firehoses of one host name as a strict consumer does: with the verifier that shares no
    codec with us, which keeps each repo's last commit over a change of servers."""

    def __init__(self, plc_url: str) -> None:
        self.keys: dict[str, str] = {}
        self.plc_url, self.verifier = plc_url, Verifier(self.key_of)
        self.faults: list[str] = []
        self.seqs: list[int] = []
        self.infos: list[str] = []

    def key_of(self, did: str, _is_anew: bool) -> str:
        """As the directory has it: asked once, so that another key would be a fault."""
        if did not in self.keys:
            with request.urlopen(f"{self.plc_url}/{did}/data", timeout=60) as answer:
                self.keys[did] = json.load(answer)["verificationMethods"]["atproto"]
        return self.keys[did]

    def follow(self, port: int, last: dict[str, str]) -> None:
        """Read on until each repo's last commit came."""
        waiting = dict(last)
        cursor = self.seqs[-1] if self.seqs else 0
        address = f"ws://{NAME}:{port}/xrpc/com.atproto.sync.subscribeRepos?cursor={cursor}"
        there = socket.create_connection(("localhost", port))
        # No pings: whoever verifies slowly would not hear their answers behind what waits.
        with connect(address, sock=there, max_size=None, ping_interval=None) as stream:
            while waiting:
                event = events.read(bytes(stream.recv(timeout=60)))  # type: ignore[arg-type]
                self.faults += self.verifier.faults_of(event)
                if event.kind == "#commit" and waiting.get(event.did) == _commit_of(event):
                    del waiting[event.did]
                if event.seq:
                    self.seqs.append(event.seq)
                else:
                    self.infos.append(event.kind)


def _commit_of(event: Event) -> str:
    return blocks.text_of(blocks.linked(event.body["commit"]))


@contextmanager
def reference_at(folder: Path, port: int, plc_url: str) -> Iterator[str]:
    """A reference PDS with a public name, whose directory is `plc_url`."""
    script = ROOT / "tests" / "interop" / "indigo" / "reference.mjs"
    argv = [str(NODE), str(script), str(folder), NAME, str(port), plc_url, ".acme.test", NO_MAIL]
    process = subprocess.Popen(argv, cwd=REFERENCE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def adopted(grove: RunningGrove, folder: Path) -> None:
    key = folder / "rotation-key"
    key.write_text(SigningKey.generate("k256").secret.hex())
    grove.command(".venv/bin/python manage.py tenant create acme")
    grove.command(
        f".venv/bin/python manage.py host adopt {folder} --name {NAME} --tenant acme"
        f" --domain .acme.test --blobs {folder}/blobs --rotation-key-file {key}"
    )


def goes_on(grove: RunningGrove, number: int) -> tuple[str, str]:
    """Somebody signs in where they always did, writes, and takes it back; their last commit."""
    asked = {"identifier": f"user{number}.acme.test", "password": PASSWORD}
    at = f"http://{NAME}:{grove.port}"
    made = client.call(at, "com.atproto.server.createSession", asked)
    person = client.Person(at, asked["identifier"], made["did"], f"Bearer {made['accessJwt']}")
    written = person.post("after the change")
    *_, rkey = written["uri"].split("/")
    gone = {"repo": person.did, "collection": "app.bsky.feed.post", "rkey": rkey}
    last = person.ask("com.atproto.repo.deleteRecord", gone)["commit"]["cid"]
    return person.did, last


def test_a_strict_verifier_who_followed_before_goes_on_after(tmp_path: Path) -> None:
    folder, port = tmp_path / "pds", free_port()
    with running_grove() as grove:
        follower = Follower(grove.plc_url)
        with reference_at(folder, port, grove.plc_url) as url, ThreadPoolExecutor(4) as pool:
            last = dict(pool.map(lambda number: fill(url, number, ".acme.test"), range(ACCOUNTS)))
            follower.follow(port, last)
        before = len(follower.seqs)
        adopted(grove, folder)
        last = dict(goes_on(grove, number) for number in range(ACCOUNTS))
        follower.follow(grove.port, last)
    assert (follower.faults, follower.infos) == ([], [])
    assert before >= ACCOUNTS * RECORDS
    assert len(follower.seqs) >= before + 2 * ACCOUNTS
    assert len(follower.keys) == ACCOUNTS
