"""Runs in the namespace: a tenant leaves one Grove whole and comes to another, under the same host
name; what two relays said of it all, in FOLDER/said.json.

    unshare --net --mount python -m tests.interop.indigo.leaving FOLDER INDIGO_RELAY
"""

import json
import os
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from tests.interop.indigo import namespace
from tests.interop.indigo.inside import CONNECTING_S, CRAWL, MANAGE, answers, indigo, running
from tests.interop.indigo.life import PASSWORD
from tests.interop.indigo.streams import Stream
from tests.interop.network.client import Person, Refused, call
from tests.interop.network.story import awaited
from tests.running import RunningGrove, free_port

OLD, NEW, TENANT = "old-provider.org", "new-provider.org", "pds.acme-tenant.net"
RELAY, INDIGO = "relay.new-provider.org", "indigo-relay.net"
NAMES = [OLD, NEW, TENANT, RELAY, INDIGO]
RELAYS = [INDIGO, RELAY]
PEOPLE = ["anna", "ben", "clara"]
STATUS = "com.atproto.sync.getRepoStatus"


def main(folder: Path, binary: str) -> dict[str, Any]:
    addresses = namespace.enter(folder, NAMES)
    certificate = namespace.make_authority(folder, NAMES)
    there = grove(folder / "new", NEW, GROVE_RELAY_HOST=RELAY)
    here = grove(folder / "old", OLD, GROVE_PLC_URL=there.plc_url)
    port = free_port()
    at = {OLD: here.port, TENANT: here.port, NEW: there.port, RELAY: there.port, INDIGO: port}
    ports = {addresses[name]: each for name, each in at.items()}
    os.chdir(folder)
    with ExitStack() as stack:
        namespace.serve_tls(certificate, ports)
        for each in (there, here):
            each.start()
            stack.callback(lambda each=each: each.is_alive() and each.stop())
        stack.enter_context(running(indigo(binary, folder, port, there.plc_url), folder / "log"))
        awaited("indigo's relay", lambda: answers(f"https://{INDIGO}"))
        streams = {name: Stream(f"wss://{name}").start() for name in RELAYS}
        people = lives(here)
        streams["old"] = Stream(f"wss://{TENANT}").start()
        leaves(here, folder, people)
        streams["old"].await_quiet()
        here.stop()
        ports[addresses[TENANT]] = there.port  # the name leads elsewhere
        comes(there, folder, people)
        streams["new"] = Stream(f"wss://{TENANT}").start()
        found = {name: statuses(name, people) for name in (TENANT, *RELAYS)}
        for stream in streams.values():
            stream.await_quiet()
        hosts = {name: standing(name) for name in RELAYS}
    return {
        "statuses": found,
        "hosts": hosts,
        "streams": {name: stream.by_did for name, stream in streams.items()},
        "seqs": {name: stream.seqs for name, stream in streams.items()},
        "log": (folder / "log").read_text(),
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


def lives(here: RunningGrove) -> list[Person]:
    """The tenant's people write; both relays read its host."""
    here.command(f"{MANAGE} tenant create acme")
    here.command(
        f"{MANAGE} host add {TENANT} --tenant acme --domain acme.test --origin https://{TENANT}"
    )
    for name in RELAYS:
        call(f"https://{name}", CRAWL, {"hostname": TENANT})
    time.sleep(CONNECTING_S)
    people = [Person.signed_up(f"https://{TENANT}", f"{name}.acme.test") for name in PEOPLE]
    for person in people:
        person.post("one")
    for name in RELAYS:
        awaited(f"everybody at {name}", lambda name=name: are(name, people, is_active=True))
    return people


def leaves(here: RunningGrove, folder: Path, people: list[Person]) -> None:
    """Suspended and resumed; suspended again, exported, deleted."""
    here.command(f"{MANAGE} tenant suspend acme --reason unpaid")
    for name in (TENANT, *RELAYS):
        awaited(f"the suspension at {name}", lambda name=name: are(name, people, is_active=False))
    here.command(f"{MANAGE} tenant resume acme")
    for name in (TENANT, *RELAYS):
        awaited(f"the resumption at {name}", lambda name=name: are(name, people, is_active=True))
    for person in people:
        awaited("a sign-in", lambda person=person: signed_in(person)).post("two")
    here.command(f"{MANAGE} tenant suspend acme --reason leaves")
    (folder / "phrase").write_text("a passphrase of some length")
    words = f"--to {folder}/acme.tar --passphrase-file {folder}/phrase"
    here.command(f"{MANAGE} tenant export acme {words}")
    made = json.loads(here.command(f"{MANAGE} tenant delete acme --confirm acme --json"))
    show = f"{MANAGE} job show {made['job']} --json"
    awaited("the deletion", lambda: json.loads(here.command(show))["step"].startswith("relays"))
    for name in RELAYS:
        awaited(f"the deletion at {name}", lambda name=name: are(name, people, is_active=False))


def comes(there: RunningGrove, folder: Path, people: list[Person]) -> None:
    """Imported, resumed; its people write on."""
    words = f"{folder}/acme.tar --passphrase-file {folder}/phrase"
    there.command(f"{MANAGE} tenant import {words}")
    there.command(f"{MANAGE} tenant resume acme")
    for name in RELAYS:
        call(f"https://{name}", CRAWL, {"hostname": TENANT})
    for person in people:
        awaited("a sign-in", lambda person=person: signed_in(person)).post("three")
    for name in (TENANT, *RELAYS):
        awaited(f"everybody's newest rev at {name}", lambda name=name: is_level(name, people))


def signed_in(person: Person) -> Person | None:
    asked = {"identifier": person.did, "password": PASSWORD}
    with suppress(Refused, OSError):
        made = call(person.host, "com.atproto.server.createSession", asked)
        person.auth = f"Bearer {made['accessJwt']}"
        return person
    return None


def statuses(name: str, people: list[Person]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for person in people:
        try:
            said = call(f"https://{name}", STATUS, did=person.did)
        except (Refused, OSError) as refusal:
            found[person.did] = [False, str(refusal)]
        else:
            found[person.did] = [said["active"], said.get("rev")]
    return found


def are(name: str, people: list[Person], *, is_active: bool) -> bool:
    return all(active is is_active for active, _ in statuses(name, people).values())


def is_level(name: str, people: list[Person]) -> bool:
    """Whether a relay has everybody where their host does."""
    found = statuses(name, people)
    return found == statuses(TENANT, people) and all(active for active, _ in found.values())


def standing(name: str) -> dict[str, Any]:
    return call(f"https://{name}", "com.atproto.sync.getHostStatus", hostname=TENANT)


if __name__ == "__main__":
    said = main(Path(sys.argv[1]), sys.argv[2])
    Path(sys.argv[1], "said.json").write_text(json.dumps(said))
