"""Runs in the namespace: Grove with two hosts, a reference PDS, indigo's relay; a day's life; then
what every stream said, in FOLDER/said.json.

    unshare --net --mount python -m tests.interop.indigo.inside FOLDER INDIGO_RELAY REFERENCE NODE
"""

import json
import os
import socket as socket_module
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import cbor2
from websockets.sync.client import connect

from protocol.event_stream.frames import Body
from tests.interop.indigo import liar, life, namespace
from tests.interop.indigo.liar import LyingHost
from tests.interop.indigo.life import Host
from tests.interop.indigo.streams import Stream, value
from tests.interop.network.client import Refused, call
from tests.interop.network.story import awaited
from tests.running import RunningGrove, free_port
from tests.smtp_server import PostOffice

ASH, BIRCH = "ash-tenant.org", "birch.ash-tenant.org"
RELAY, OTHER = "relay.ash-tenant.org", "other-host.net"
INDIGO, LIAR = "indigo-relay.net", "liar-host.org"
NAMES = [ASH, BIRCH, RELAY, OTHER, INDIGO, LIAR]
RELAYS = [INDIGO, RELAY]
TAP_QUIET_S = 8
CONNECTING_S = 3  # a relay begins where a host is when it connects
MANAGE = ".venv/bin/python manage.py"
CRAWL = "com.atproto.sync.requestCrawl"


@contextmanager
def running(argv: list[str], log: Path, **environment: str) -> Iterator[None]:
    """A program whose output goes to a file; stopped at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, stdout=output, stderr=subprocess.STDOUT, env=os.environ | environment
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        call(url, "_health")
    except (OSError, Refused):
        return False
    return True


def indigo(binary: str, folder: Path, port: int, plc_url: str) -> list[str]:
    return [
        binary, "--plc-host", plc_url, "--log-level", "info", "--admin-password", "admin-pass",
        "serve", "--db-url", f"sqlite://{folder}/relay.sqlite", "--bind", f"127.0.0.1:{port}",
        "--persist-dir", str(folder / "persist"), "--metrics-listen", f"127.0.0.1:{free_port()}",
    ]  # fmt: skip


def main(folder: Path, binary: str, reference: Path, node: str) -> dict[str, Any]:
    addresses = namespace.enter(folder, NAMES)
    certificate = namespace.make_authority(folder, NAMES)
    ports = {"other": free_port(), "indigo": free_port()}
    post_office = PostOffice(folder / "mails")
    post_office.folder.mkdir()
    grove = RunningGrove(
        folder / "grove",
        changed={
            "GROVE_PUBLIC_URL": f"https://{ASH}",
            "GROVE_SANDBOX": "on",
            "GROVE_TRUSTED_PROXIES": "127.0.0.1",
            "GROVE_RELAY_HOST": RELAY,
            "GROVE_SMTP_URL": post_office.url,
        },
    )
    at = {ASH: grove.port, BIRCH: grove.port, RELAY: grove.port}
    lying = LyingHost(free_port())
    lying.start()
    at |= {OTHER: ports["other"], INDIGO: ports["indigo"], LIAR: lying.port}
    with ExitStack() as stack:
        namespace.serve_tls(certificate, {addresses[name]: port for name, port in at.items()})
        post_office.open()
        stack.callback(post_office.close)
        grove.start()
        stack.callback(grove.stop)
        script = Path(__file__).with_name("reference.mjs")
        there = [str(script), str(folder / "other"), OTHER, str(ports["other"]), grove.plc_url]
        os.chdir(reference)
        stack.enter_context(
            running([node, *there, ".ref.test", post_office.url], folder / "reference.log")
        )
        os.chdir(folder)
        argv = indigo(binary, folder, ports["indigo"], grove.plc_url)
        stack.enter_context(running(argv, folder / "indigo.log"))
        awaited("the reference PDS", lambda: answers(f"https://{OTHER}"))
        awaited("indigo's relay", lambda: answers(f"https://{INDIGO}"))
        return told(grove, post_office, node, lying)


def told(
    grove: RunningGrove, post_office: PostOffice, node: str, lying: LyingHost
) -> dict[str, Any]:
    """What every stream says of a life."""
    for name in (ASH, BIRCH, OTHER, LIAR):
        for relay in RELAYS:
            call(f"https://{relay}", CRAWL, {"hostname": name})
    time.sleep(CONNECTING_S)
    streams = {name: Stream(f"wss://{name}").start() for name in (ASH, BIRCH, OTHER, *RELAYS)}
    hosts = (
        Host(f"https://{ASH}", ".test", grove.admin_password),
        Host(f"https://{BIRCH}", ".birch.test", grove.admin_password),
        Host(f"https://{OTHER}", ".ref.test", "admin-pass"),
    )
    people = life.live(*hosts, post_office, lambda verb: grove.command(f"{MANAGE} {verb}"))
    awaited("relays at the lying host", lambda: lying.is_listened_to >= len(RELAYS))
    lies = list(liar.lies(f"https://{LIAR}", grove.plc_url, people[0].did))
    for _, _, bodies in lies:
        lying.tell(bodies)
    for stream in streams.values():
        stream.await_quiet()
    passed = {relay: passed_on(streams[relay], lies) for relay in RELAYS}
    consumers = {relay: consumed(relay, grove.plc_url, node) for relay in RELAYS}
    records = [line for host in hosts for line in life.records(host, [each.did for each in people])]
    return {
        "consumers": consumers,
        "records": records,
        "passed": passed,
        "people": {person.did: person.handle for person in people},
        "streams": {name: stream.by_did for name, stream in streams.items()},
        "seqs": {name: stream.seqs for name, stream in streams.items()},
        "ended": {name: stream.ended for name, stream in streams.items()},
    }


def passed_on(stream: Stream, lies: list[tuple[str, str, list[Body]]]) -> dict[str, list[int]]:
    """How often a relay passed on each of the events around a lie."""
    said = {}
    for name, did, bodies in lies:
        events = [value("#commit", cbor2.loads(whole(body))) for body in bodies]
        said[name] = [stream.by_did[did].count(event) for event in events]
    return said


def whole(body: Body) -> bytes:
    """An event's body with a number, as it goes out."""
    return body.data[: body.seq_at] + b"\x01" + body.data[body.seq_at :]


def consumed(relay: str, plc_url: str, node: str) -> dict[str, list[str]]:
    """What libraries that others wrote are given of a relay, a line for each record and event."""
    here = Path(__file__).parent
    argv = [node, str(here / "consumers.mjs"), f"wss://{relay}", plc_url, str(here.parent)]
    given: dict[str, list[str]] = json.loads(subprocess.check_output(argv, timeout=120))
    if sdk := os.environ.get("SDK_PYTHON"):
        argv = [sdk, str(here / "sdk.py"), f"wss://{relay}"]
        given["sdk"] = json.loads(subprocess.check_output(argv, timeout=120))
    if tap := os.environ.get("TAP_PROGRAM"):
        given["tap"] = tapped(tap, relay, plc_url)
    return given


def tapped(program: str, relay: str, plc_url: str) -> list[str]:
    """The records that tap holds once it has filled up from a relay: all repos of the relay, each
    read at its host."""
    port = free_port()
    argv = [
        program, "run", "--relay-url", f"https://{relay}", "--plc-url", plc_url, "--full-network",
        "--disable-acks", "--bind", f"127.0.0.1:{port}", "--db-url", f"sqlite://tap-{relay}.db",
    ]  # fmt: skip
    held: set[str] = set()
    with running(argv, Path(f"tap-{relay}.log")):
        awaited("tap", lambda: is_open(port))
        with connect(f"ws://127.0.0.1:{port}/channel") as socket, suppress(TimeoutError):
            while True:
                told = json.loads(socket.recv(timeout=TAP_QUIET_S))
                if record := told.get("record"):
                    line = f"{record['did']}/{record['collection']}/{record['rkey']}"
                    (held.discard if record["action"] == "delete" else held.add)(line)
    return sorted(held)


def is_open(port: int) -> bool:
    with socket_module.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    said = main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    Path(sys.argv[1], "said.json").write_text(json.dumps(said))
