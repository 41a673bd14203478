"""The provider's story: fifty people come by a list, fill their plan, and leave whole.

The people speak XRPC, as apps do; the provider acts by one of the drivers.
"""

import os
import re
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from tests.interop.indigo.streams import Stream
from tests.interop.network.client import Person, Refused, call, now
from tests.interop.network.story import awaited
from tests.interop.provider.drivers import DOMAIN, TENANT, Provider
from tests.interop.provider.relays import STATUS, Relays

PEOPLE: Final = 50
LISTED: Final = "name,email\n" + "".join(f"P,p{n}@example.com\n" for n in range(PEOPLE))
PASSWORD: Final = "a long password"
CODE: Final = re.compile(r"[?&;]invite=([a-zA-Z0-9.-]+)")
LATEST: Final = "com.atproto.sync.getLatestCommit"
SESSION: Final = "com.atproto.server.createSession"


def signed_up(provider: Provider, number: int) -> Person:
    """With the code of their letter; and their first post."""
    to = f"p{number}@example.com"
    code = awaited("the letter", lambda: CODE.search(letters(provider, to)))
    handle = f"person{number}.{DOMAIN}"
    new = {"handle": handle, "email": to, "password": PASSWORD, "inviteCode": code[1]}
    made = call(provider.url, "com.atproto.server.createAccount", new)
    person = Person(provider.url, handle, made["did"], f"Bearer {made['accessJwt']}", handle)
    person.post("here")
    return person


def letters(provider: Provider, to: str) -> str:
    """What was written to somebody, as it came, or as the sandbox shows it."""
    if provider.post_office is not None:
        mails = [mail for mail in provider.post_office.emails if to in str(mail["to"])]
        return "".join(mail.get_body(("plain",)).get_content() for mail in mails)
    address = f"{provider.grove.url}/dev/mail?to={to}"
    asked = urllib.request.Request(address, headers={"Host": urlsplit(provider.url).netloc})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def picture() -> bytes:
    """Another one each time: what was taken once is known."""
    return b"\x89PNG\r\n\x1a\n" + os.urandom(2_000)


def fills_its_plan(provider: Provider, person: Person) -> None:
    """Refusals name the limit and the figures; words still go in where pictures do not."""
    provider.limit(account_blob_bytes=1_000)
    said = awaited("the limit of files", lambda: _refused(lambda: person.picture(picture())))
    assert "413" in said
    assert "BlobQuotaExceeded" in said
    assert "1000" in said
    person.post("words still go in")
    provider.limit(account_records=2)
    said = awaited("the limit of records", lambda: _refused(lambda: person.post("one more")))
    assert "400" in said
    assert "QuotaExceeded" in said
    assert "limit is 2 records" in said
    provider.limit(account_blob_bytes=None, account_records=None)


def is_suspended(provider: Provider, person: Person) -> dict[str, Any]:
    """The public is told so, its people why; the last commit of somebody who wrote until then."""
    commits: list[dict[str, Any]] = []
    record = {"text": "still here", "createdAt": now()}
    body = {"repo": person.did, "collection": "app.bsky.feed.post", "record": record}
    write = "com.atproto.repo.createRecord"
    said = awaited(
        "the reason", lambda: _refused(lambda: commits.append(person.ask(write, body)["commit"]))
    )
    assert "unpaid" in said
    asked = {"did": person.did}
    awaited("the suspension", lambda: call(provider.url, STATUS, **asked).get("status"))
    said = awaited("closed repos", lambda: _refused(lambda: call(provider.url, LATEST, **asked)))
    assert "RepoSuspended" in said
    return commits[-1] if commits else {}


def serves_again(provider: Provider, person: Person) -> None:
    """Somebody signs in and writes."""

    def can_write() -> bool:
        with suppress(Refused):
            made = call(provider.url, SESSION, {"identifier": person.did, "password": PASSWORD})
            person.host, person.auth = provider.url, f"Bearer {made['accessJwt']}"
            return bool(person.post("back"))
        return False

    awaited("a post after it", can_write)


def heads(provider: Provider, people: list[Person]) -> dict[str, dict[str, Any]]:
    """Each process knows within seconds that a tenant is resumed."""

    def look() -> dict[str, dict[str, Any]]:
        with suppress(Refused):
            return {each.did: call(provider.url, LATEST, did=each.did) for each in people}
        return {}

    found: dict[str, dict[str, Any]] = awaited("the heads", look)
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Whose head is another one now."""
    return [(did, head, after.get(did)) for did, head in before.items() if after.get(did) != head]


def tell(
    here: Provider, there: Provider, relays: Relays, move: Callable[[], object]
) -> tuple[list[Person], Stream, Stream]:
    """All of it, with what has to be true after each step: its people, and what the host's two
    firehoses said. `move` has the host's name lead elsewhere."""
    here.set_up()
    relays.crawl(here.host)
    old = firehose(here)
    people = come(here)
    relays.say(people, is_active=True)
    fills_its_plan(here, people[0])
    here.suspend()
    is_suspended(here, people[1])
    relays.say(people, is_active=False)
    here.resume()
    serves_again(here, people[1])
    relays.say(people, is_active=True)
    before = heads(here, people)
    here.suspend()
    if last := is_suspended(here, people[2]):
        before[people[2].did] = {name: last[name] for name in ("cid", "rev")}
    archive = here.export()
    assert here.delete() == PEOPLE
    relays.say(people, is_active=False)
    old.await_quiet()
    move()
    made = there.take_in(archive)
    assert (made["tenant"], made["accounts"]) == (TENANT, PEOPLE)
    there.resume()
    relays.crawl(there.host)
    awaited("the resumption", lambda: is_active(there, people))
    assert changed(before, heads(there, people)) == []
    for person in people:
        serves_again(there, person)
    relays.are_level(there.host, people)
    new = firehose(there)
    new.await_quiet()
    return people, old, new


def come(provider: Provider) -> list[Person]:
    """Fifty people are invited by a list, and sign up."""
    invited = provider.invite(LISTED)
    assert invited == {"invited": PEOPLE, "known": 0, "left_out": 0, "looked": PEOPLE}
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: signed_up(provider, number), range(PEOPLE)))


def _refused(verb: Callable[[], object]) -> str:
    """A limit is known to every process within seconds."""
    try:
        verb()
    except Refused as said:
        return str(said)
    return ""


def is_active(provider: Provider, people: list[Person]) -> bool:
    with suppress(Refused):
        return all(call(provider.url, STATUS, did=each.did)["active"] for each in people)
    return False


def firehose(provider: Provider) -> Stream:
    """What the host's firehose says, from its beginning: later it says nothing any more of those
    who were deleted."""
    return Stream(provider.url.replace("http", "ws", 1)).start()


def numbers_go_on(old: list[int], new: list[int]) -> None:
    """A reader who was there before hears all that is new, in order, above all it had."""
    for seqs in (old, new):
        assert seqs
        assert seqs == sorted(set(seqs))
    assert min(new) > max(old)
