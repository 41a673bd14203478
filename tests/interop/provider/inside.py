"""Runs in the namespace: the provider's story between two deployments, while two relays read the
tenant's host; what they said of it all, in FOLDER/said.json.

    unshare --net --mount python -m tests.interop.provider.inside FOLDER INDIGO_RELAY ByApi
"""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.interop.indigo import namespace
from tests.interop.indigo.inside import answers, indigo, running
from tests.interop.indigo.streams import Stream
from tests.interop.network.client import call
from tests.interop.network.story import awaited
from tests.interop.provider import drivers, relays, story
from tests.interop.provider.drivers import Provider
from tests.interop.provider.relays import Relays
from tests.running import RunningGrove, free_port
from tests.smtp_server import PostOffice

OLD, NEW, TENANT = "old-provider.org", "new-provider.org", "pds.acme-tenant.net"
RELAY, INDIGO = "relay.new-provider.org", "indigo-relay.net"
NAMES = [OLD, NEW, TENANT, RELAY, INDIGO]
RELAYS = [INDIGO, RELAY]
STANDING = "com.atproto.sync.getHostStatus"


def main(folder: Path, binary: str, by: type[Provider]) -> dict[str, Any]:
    addresses = namespace.enter(folder, NAMES)
    certificate = namespace.make_authority(folder, NAMES)
    post_office = PostOffice(folder / "mails")
    post_office.folder.mkdir()
    mail = {"GROVE_SMTP_URL": post_office.url}
    there = grove(folder / "new", NEW, GROVE_RELAY_HOST=RELAY, **mail)
    here = grove(folder / "old", OLD, GROVE_PLC_URL=there.plc_url, **mail)
    port = free_port()
    at = {OLD: here.port, TENANT: here.port, NEW: there.port, RELAY: there.port, INDIGO: port}
    ports = {addresses[name]: each for name, each in at.items()}
    os.chdir(folder)

    def move() -> None:
        here.stop()
        ports[addresses[TENANT]] = there.port

    with ExitStack() as stack:
        namespace.serve_tls(certificate, ports)
        post_office.open()
        stack.callback(post_office.close)
        for each in (there, here):
            each.start()
            stack.callback(lambda each=each: each.is_alive() and each.stop())
        stack.enter_context(running(indigo(binary, folder, port, there.plc_url), folder / "log"))
        awaited("indigo's relay", lambda: answers(f"https://{INDIGO}"))
        streams = {name: Stream(f"wss://{name}").start() for name in RELAYS}
        providers = by(here, folder, TENANT), by(there, folder, TENANT)
        providers[0].post_office = post_office
        people, old, new = story.tell(*providers, Relays(RELAYS), move)
        streams |= {"old": old, "new": new}
        for stream in streams.values():
            stream.await_quiet()
        return {
            "statuses": {name: relays.statuses(name, people) for name in (TENANT, *RELAYS)},
            "hosts": {name: call(f"https://{name}", STANDING, hostname=TENANT) for name in RELAYS},
            "streams": {name: stream.by_did for name, stream in streams.items()},
            "seqs": {name: stream.seqs for name, stream in streams.items()},
        }


def grove(folder: Path, name: str, **more: str) -> RunningGrove:
    changed = {
        "GROVE_PUBLIC_URL": f"https://{name}",
        "GROVE_SANDBOX": "on",
        "GROVE_TRUSTED_PROXIES": "127.0.0.1",
        "GROVE_ANNOUNCEMENTS_PER_HOUR": "60000",
        **more,
    }
    return RunningGrove(folder, changed=changed)


if __name__ == "__main__":
    said = main(Path(sys.argv[1]), sys.argv[2], getattr(drivers, sys.argv[3]))
    Path(sys.argv[1], "said.json").write_text(json.dumps(said))
