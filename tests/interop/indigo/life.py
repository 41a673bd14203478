"""A day's life of a few people at several hosts, in a minute: sign-ups, writes, changes of handles
and keys, takedowns, pauses, restores, moves, a suspended tenant, ends."""

import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.interop.network.client import Person, Refused, call, data, now
from tests.interop.network.story import awaited
from tests.smtp_server import PostOffice

PASSWORD = "a long password"
PROFILE, POST, LIKE = "app.bsky.actor.profile", "app.bsky.feed.post", "app.bsky.feed.like"


@dataclass(frozen=True)
class Host:
    """A host: its URL, the domain of its handles, its admin's password."""

    url: str
    domain: str
    admin_password: str

    def person(self, name: str) -> Person:
        return Person.signed_up(self.url, f"{name}{self.domain}")

    def as_admin(self, nsid: str, body: Any) -> dict[str, Any]:
        word = b64encode(f"admin:{self.admin_password}".encode()).decode()
        return call(self.url, nsid, body, auth=f"Basic {word}")

    def set_takedown(self, did: str, *, applied: bool) -> None:
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": did}
        body = {"subject": subject, "takedown": {"applied": applied}}
        self.as_admin("com.atproto.admin.updateSubjectStatus", body)


@dataclass
class Day:
    """What is lived: at two hosts of ours (ash, birch) and two reference PDSes (other, second)."""

    ash: Host
    birch: Host
    other: Host
    second: Host
    post_office: PostOffice
    manage: Callable[[str], str]  # runs a command of `manage.py`
    folder: Path
    last_revs: dict[str, str] = field(
        default_factory=dict
    )  # by the key of before, where it changed

    def live(self) -> list[Person]:
        """Everything once; the people, each where they live at the end."""
        ash, birch, other, second = self.ash, self.birch, self.other, self.second
        anna, ben = ash.person("anna"), ash.person("ben")
        clara, dan = birch.person("clara"), birch.person("dan")
        eve, finn = other.person("eve"), other.person("finn")
        gina, hal = second.person("gina"), second.person("hal")
        for person in (anna, ben, clara, dan, eve, finn, gina, hal):
            write(person)
        batch(anna)
        batch(eve)
        for host, person in ((ash, ben), (birch, dan), (other, finn), (second, hal)):
            rename(person, host)
            pause(person)
            take_down_and_restore(person, host)
        self.change_key(ben)
        self.restore(ben, "ash")
        clara = self.move(clara, ash, "clara-moved")
        self.suspend(dan, "birch")
        self.end(dan)
        eve = self.move(eve, ash, "eve-in")
        self.announce_anew(ash)
        anna = self.move(anna, second, "anna-out")
        gina = self.move(gina, other, "gina-across")
        self.end(hal)
        return [anna, ben, clara, dan, eve, finn, gina, hal]

    def change_key(self, person: Person) -> None:
        """Their host signs with another key from now on."""
        self.note_last_rev(person)
        self.manage(f"repo rotate-key {person.did}")
        person.post("by another key")

    def note_last_rev(self, person: Person) -> None:
        newest = call(person.host, "com.atproto.sync.getLatestCommit", did=person.did)
        self.last_revs[person.did] = newest["rev"]

    def restore(self, person: Person, tenant: str) -> None:
        """Their repo becomes again what it was when its tenant's backup was made."""
        archive, secret = self.folder / f"{tenant}.tar", self.folder / "passphrase"
        secret.write_text("a long passphrase of the archive")
        self.manage(f"tenant export {tenant} --to {archive} --backup --passphrase-file {secret}")
        person.post("gone soon")
        self.manage(f"tenant restore {tenant} {archive} --account {person.did}")
        person.post("after the restore")

    def announce_anew(self, host: Host) -> None:
        """What follows when a host's database came back from a backup: its numbers jump, and all
        accounts are told of."""
        self.manage(f"firehose restore --host {urlsplit(host.url).hostname}")

    def move(self, person: Person, to: Host, name: str) -> Person:
        """To another host as clients do it; the new host signs with another key."""
        self.note_last_rev(person)
        there = made_there(person, to, name)
        repo = data(person.host, "com.atproto.sync.getRepo", did=person.did)
        there.ask("com.atproto.repo.importRepo", repo, media_type="application/vnd.ipld.car")
        wanted = there.ask("com.atproto.identity.getRecommendedDidCredentials")
        token = self.mailed_code(person, "com.atproto.identity.requestPlcOperationSignature")
        signed = person.ask("com.atproto.identity.signPlcOperation", {"token": token, **wanted})
        there.ask("com.atproto.identity.submitPlcOperation", signed)
        there.ask("com.atproto.server.activateAccount", b"")
        person.ask("com.atproto.server.deactivateAccount", {})
        there.post("from another host")
        return there

    def suspend(self, person: Person, tenant: str) -> None:
        """Their whole tenant is suspended, and resumed."""

        def has_status(status: str) -> Callable[[], bool]:
            asked = {"did": person.did}
            status_of = "com.atproto.sync.getRepoStatus"
            return lambda: call(person.host, status_of, **asked).get("status", "active") == status

        self.manage(f"tenant suspend {tenant} --reason unpaid")
        awaited("the suspension", has_status("suspended"))
        self.manage(f"tenant resume {tenant}")
        awaited("the resumption", has_status("active"))
        awaited("a sign-in after it", lambda: has_signed_in(person))  # each process learns of it
        person.post("open again")

    def end(self, person: Person) -> None:
        """By their own wish, with the mailed code."""
        token = self.mailed_code(person, "com.atproto.server.requestAccountDelete")
        body = {"did": person.did, "password": PASSWORD, "token": token}
        call(person.host, "com.atproto.server.deleteAccount", body)

    def mailed_code(self, person: Person, asking: str) -> str:
        """The code that a method has mailed to somebody."""
        address = f"{person.first_handle}@"
        before = len(self.post_office.emails)
        person.ask(asking, b"")

        def look() -> list[str]:
            emails = self.post_office.emails[before:]
            mails = [mail for mail in emails if address in str(mail["to"])]
            texts = [mail.get_body(("plain",)).get_content() for mail in mails]
            return re.findall(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", "".join(texts))

        found: list[str] = awaited("the code", look)
        return found[0]


def write(person: Person) -> None:
    """A profile twice, posts, a like, a deletion."""
    person.write(PROFILE, {"displayName": person.handle}, "self")
    first = person.post("one")
    person.write(PROFILE, {"displayName": "changed", "description": "twice"}, "self")
    person.like(first)
    second = person.post("two")
    delete = {"repo": person.did, "collection": POST, "rkey": second["uri"].rsplit("/", 1)[1]}
    person.ask("com.atproto.repo.deleteRecord", delete)


def batch(person: Person, count: int = 60) -> None:
    """Many creates in one commit, then their deletions in two."""
    keys = [f"3kbatchaaaa{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(count)]
    create = "com.atproto.repo.applyWrites#create"
    writes: list[dict[str, Any]] = [
        {"$type": create, "collection": LIKE, "rkey": key, "value": like(person, key)}
        for key in keys
    ]
    apply(person, writes)
    delete = "com.atproto.repo.applyWrites#delete"
    writes = [{"$type": delete, "collection": LIKE, "rkey": key} for key in keys]
    apply(person, writes[: count // 2])
    apply(person, writes[count // 2 :])


def like(person: Person, key: str) -> dict[str, Any]:
    cid = "bafyreigez5d5z7ljeekr5tgmvgvqbd6khe7frlsnrdeej57ubztwssxwte"
    subject = {"uri": f"at://{person.did}/{POST}/{key}", "cid": cid}
    return {"$type": LIKE, "subject": subject, "createdAt": now()}


def apply(person: Person, writes: list[dict[str, Any]]) -> None:
    person.ask("com.atproto.repo.applyWrites", {"repo": person.did, "writes": writes})


def rename(person: Person, host: Host) -> None:
    person.handle = f"{person.handle.split('.')[0]}-new{host.domain}"
    person.ask("com.atproto.identity.updateHandle", {"handle": person.handle})


def pause(person: Person) -> None:
    person.ask("com.atproto.server.deactivateAccount", {})
    person.ask("com.atproto.server.activateAccount", b"")


def take_down_and_restore(person: Person, host: Host) -> None:
    host.set_takedown(person.did, applied=True)
    host.set_takedown(person.did, applied=False)
    person.auth = signed_in(person)
    person.post("back again")


def made_there(person: Person, to: Host, name: str) -> Person:
    """Their account at another host, not active yet."""
    service = call(to.url, "com.atproto.server.describeServer")["did"]
    create = "com.atproto.server.createAccount"
    token = person.ask("com.atproto.server.getServiceAuth", aud=service, lxm=create)["token"]
    handle = f"{name}{to.domain}"
    body = {"did": person.did, "handle": handle, "email": f"{name}@example.com"}
    made = call(to.url, create, body | {"password": PASSWORD}, auth=f"Bearer {token}")
    return Person(to.url, handle, person.did, f"Bearer {made['accessJwt']}")


def signed_in(person: Person) -> str:
    body = {"identifier": person.did, "password": PASSWORD}
    return f"Bearer {call(person.host, 'com.atproto.server.createSession', body)['accessJwt']}"


def has_signed_in(person: Person) -> bool:
    with suppress(Refused):
        person.auth = signed_in(person)
        return True
    return False


def records(host: Host, dids: list[str]) -> list[str]:
    """The records that a host serves of these people, a line each."""
    found = []
    for did in dids:
        with suppress(Refused):  # of another host, or gone
            described = call(host.url, "com.atproto.repo.describeRepo", repo=did)
            for collection in described["collections"]:
                asked = {"repo": did, "collection": collection, "limit": 100}
                listed = call(host.url, "com.atproto.repo.listRecords", **asked)["records"]
                keys = [each["uri"].rsplit("/", 1)[1] for each in listed]
                found += [f"{did}/{collection}/{key}" for key in keys]
    return found
