"""Runs in the namespace: Grove with two hosts, two reference PDSes, indigo's relay; a day's life;
then what every stream said, in FOLDER/said.json.

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
from tests.interop.indigo.liar import LyingHost, Said
from tests.interop.indigo.life import Day, Host
from tests.interop.indigo.streams import Stream, value
from tests.interop.network.client import Refused, call
from tests.interop.network.story import awaited
from tests.running import RunningGrove, free_port
from tests.smtp_server import PostOffice

ASH, BIRCH = "ash-tenant.org", "birch.ash-tenant.org"
OTHER, SECOND = "other-host.net", "second-host.org"
RELAY = "relay.ash-tenant.org"
INDIGO, LIAR = "indigo-relay.net", "liar-host.org"
HOSTS = [ASH, BIRCH, OTHER, SECOND]
RUDE = {f"{each}-host.org": each for each in liar.RUDE}
NAMES = [*HOSTS, RELAY, INDIGO, LIAR, *RUDE]
REFERENCES = {OTHER: ".ref.test", SECOND: ".second.test"}  # with the domains of their handles
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
    ports = {name: free_port() for name in (*REFERENCES, INDIGO)}
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
    lying = {name: LyingHost(free_port()).start() for name in (LIAR, *RUDE)}
    at |= ports | {name: host.port for name, host in lying.items()}
    with ExitStack() as stack:
        namespace.serve_tls(certificate, {addresses[name]: port for name, port in at.items()})
        post_office.open()
        stack.callback(post_office.close)
        grove.start()
        stack.callback(grove.stop)
        os.chdir(reference)
        for name, domain in REFERENCES.items():
            argv = [node, str(Path(__file__).with_name("reference.mjs")), str(folder / name), name]
            argv += [str(ports[name]), grove.plc_url, domain, post_office.url]
            stack.enter_context(running(argv, folder / f"{name}.log"))
        os.chdir(folder)
        argv = indigo(binary, folder, ports[INDIGO], grove.plc_url)
        stack.enter_context(running(argv, folder / "indigo.log"))
        for name in ports:
            awaited(name, lambda name=name: answers(f"https://{name}"))
        return lived(grove, post_office, node, lying)


def lived(
    grove: RunningGrove, post_office: PostOffice, node: str, lying: dict[str, LyingHost]
) -> dict[str, Any]:
    """What every stream says of a life."""
    for name in (*HOSTS, *lying):
        for relay in RELAYS:
            call(f"https://{relay}", CRAWL, {"hostname": name})
    time.sleep(CONNECTING_S)
    streams = {name: Stream(f"wss://{name}").start() for name in (*HOSTS, *RELAYS)}
    hosts = [
        Host(f"https://{ASH}", ".test", grove.admin_password),
        Host(f"https://{BIRCH}", ".birch.test", grove.admin_password),
        *(Host(f"https://{name}", domain, "admin-pass") for name, domain in REFERENCES.items()),
    ]
    day = Day(*hosts, post_office, lambda verb: grove.command(f"{MANAGE} {verb}"), Path.cwd())
    people = day.live()
    for host in lying.values():
        awaited("relays", lambda host=host: host.is_listened_to >= len(RELAYS))
    lies = list(liar.lies(f"https://{LIAR}", grove.plc_url, people[0].did))
    told = {name: [(did, each) for each in said] for name, did, said in lies}
    for name, rude in RUDE.items():
        told[rude], lying[name].told = liar.rudeness(rude, f"https://{name}", grove.plc_url)
    for _, _, said in lies:
        lying[LIAR].tell(said)
    for stream in streams.values():
        stream.await_quiet()
    passed = {relay: passed_on(streams[relay], told) for relay in RELAYS}
    consumers = {relay: consumed(relay, grove.plc_url, node) for relay in RELAYS}
    records = [line for host in hosts for line in life.records(host, [each.did for each in people])]
    return {
        "consumers": consumers,
        "records": records,
        "passed": passed,
        "last_revs": day.last_revs,
        "people": {person.did: person.handle for person in people},
        "streams": {name: stream.by_did for name, stream in streams.items()},
        "seqs": {name: stream.seqs for name, stream in streams.items()},
        "ended": {name: stream.ended for name, stream in streams.items()},
    }


def passed_on(stream: Stream, told: dict[str, list[tuple[str, Said]]]) -> dict[str, list[int]]:
    """How often a relay passed on each of the events around a lie."""
    passed = {}
    for name, events in told.items():
        values = [
            (did, value(f"#{kind.name.lower()}", cbor2.loads(whole(body))))
            for did, (kind, body) in events
        ]
        passed[name] = [stream.by_did.get(did, []).count(event) for did, event in values]
    return passed


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
    if reader := os.environ.get("READER_PROGRAM"):
        read = json.loads(subprocess.check_output([reader, f"wss://{relay}", plc_url], timeout=120))
        given |= {f"go {name}": lines for name, lines in read.items()}
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
