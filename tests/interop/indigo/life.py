"""A day's life of a few people at several hosts, in a minute: sign-ups, writes, changes of handles
and keys, takedowns, pauses, moves, a suspended tenant, an end."""

import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

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


def live(
    ash: Host,
    birch: Host,
    other: Host,
    post_office: PostOffice,
    manage: Callable[[str], str],
) -> list[Person]:
    """Everything once; the people, those of `other` (a host that is not ours) at the end.

    `manage` runs a command of `manage.py`.
    """
    anna, ben = ash.person("anna"), ash.person("ben")
    clara, dan = birch.person("clara"), birch.person("dan")
    eve, finn = other.person("eve"), other.person("finn")
    people = [anna, ben, clara, dan, eve, finn]
    for person in people:
        write(person)
    batch(anna)
    batch(eve)
    for host, person in ((ash, ben), (birch, dan), (other, finn)):
        rename(person, host)
        pause(person)
        host.set_takedown(person.did, applied=True)
        host.set_takedown(person.did, applied=False)
        person.auth = signed_in(person)
        person.post("back again")
    moved = move(clara, ash, "clara-moved", post_office)
    moved.post("at another host of the same platform")
    suspend(dan, "birch", manage)
    end(dan, birch, post_office)
    in_ = move(eve, ash, "eve-in", post_office)
    in_.post("at a host of theirs")
    return [anna, ben, moved, dan, in_, finn]


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


def signed_in(person: Person) -> str:
    body = {"identifier": person.did, "password": PASSWORD}
    return f"Bearer {call(person.host, 'com.atproto.server.createSession', body)['accessJwt']}"


def move(person: Person, to: Host, name: str, post_office: PostOffice) -> Person:
    """To another host as clients do it; the new host signs with another key."""
    service = call(to.url, "com.atproto.server.describeServer")["did"]
    create = "com.atproto.server.createAccount"
    token = person.ask("com.atproto.server.getServiceAuth", aud=service, lxm=create)["token"]
    handle = f"{name}{to.domain}"
    body = {"did": person.did, "handle": handle, "email": f"{name}@example.com"}
    made = call(to.url, create, body | {"password": PASSWORD}, auth=f"Bearer {token}")
    there = Person(to.url, handle, person.did, f"Bearer {made['accessJwt']}")
    repo = data(person.host, "com.atproto.sync.getRepo", did=person.did)
    there.ask("com.atproto.repo.importRepo", repo, media_type="application/vnd.ipld.car")
    wanted = there.ask("com.atproto.identity.getRecommendedDidCredentials")
    asking = "com.atproto.identity.requestPlcOperationSignature"
    token = mailed_code(person, asking, post_office)
    signed = person.ask("com.atproto.identity.signPlcOperation", {"token": token, **wanted})
    there.ask("com.atproto.identity.submitPlcOperation", signed)
    there.ask("com.atproto.server.activateAccount", b"")
    person.ask("com.atproto.server.deactivateAccount", {})
    return there


def suspend(person: Person, tenant: str, manage: Callable[[str], str]) -> None:
    """Their whole tenant is suspended, and resumed."""

    def has_status(status: str) -> Callable[[], bool]:
        asked = {"did": person.did}
        status_of = "com.atproto.sync.getRepoStatus"
        return lambda: call(person.host, status_of, **asked).get("status", "active") == status

    manage(f"tenant suspend {tenant} --reason unpaid")
    awaited("the suspension", has_status("suspended"))
    manage(f"tenant resume {tenant}")
    awaited("the resumption", has_status("active"))
    awaited("a sign-in after it", lambda: has_signed_in(person))  # each process learns of it
    person.post("open again")


def has_signed_in(person: Person) -> bool:
    with suppress(Refused):
        person.auth = signed_in(person)
        return True
    return False


def end(person: Person, host: Host, post_office: PostOffice) -> None:
    """By their own wish, with the mailed code."""
    token = mailed_code(person, "com.atproto.server.requestAccountDelete", post_office)
    body = {"did": person.did, "password": PASSWORD, "token": token}
    call(host.url, "com.atproto.server.deleteAccount", body)


def mailed_code(person: Person, asking: str, post_office: PostOffice) -> str:
    """The code that a method has mailed to somebody."""
    address = f"{person.first_handle}@"
    before = len(post_office.emails)
    person.ask(asking, b"")

    def look() -> list[str]:
        mails = [mail for mail in post_office.emails[before:] if address in str(mail["to"])]
        texts = [mail.get_body(("plain",)).get_content() for mail in mails]
        return re.findall(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", "".join(texts))

    found: list[str] = awaited("the code", look)
    return found[0]


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
