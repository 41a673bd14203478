"""A real reference PDS is stopped, and its data directory becomes a host of ours.

Needs GROVE_REFERENCE (test_moving.py). `GROVE_ADOPTED=20,100,5`: accounts, and records and files of
each.
"""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib import request

import pytest

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
from repos.models import Repo
from tests.api import network
from tests.api.clients import Api
from tests.browser.stories import NODE
from tests.interop.test_moving import REFERENCE
from tests.running import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="GROVE_REFERENCE names no reference PDS"),
]
ACCOUNTS, RECORDS, BLOBS = map(int, os.environ.get("GROVE_ADOPTED", "20,100,5").split(","))
PASSWORD = "correct horse battery"


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


def fill(url: str, number: int) -> tuple[str, str]:
    """An account with its records and files; its DID and head."""
    new = {"handle": f"user{number}.test", "email": f"u{number}@example.org", "password": PASSWORD}
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
