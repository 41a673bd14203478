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

from tests.interop.indigo.streams import Stream
from tests.interop.network.client import Person, Refused, call
from tests.interop.network.story import awaited
from tests.interop.provider.drivers import DOMAIN, HOST, Provider
from tests.running import RunningGrove

PEOPLE: Final = 50
LISTED: Final = "name,email\n" + "".join(f"P,p{n}@example.com\n" for n in range(PEOPLE))
PASSWORD: Final = "a long password"
CODE: Final = re.compile(r"[?&;]invite=([a-zA-Z0-9.-]+)")
LATEST, STATUS = "com.atproto.sync.getLatestCommit", "com.atproto.sync.getRepoStatus"
SESSION: Final = "com.atproto.server.createSession"


def url(grove: RunningGrove) -> str:
    return f"http://{HOST}:{grove.port}"


def signed_up(grove: RunningGrove, number: int) -> Person:
    """With the code of their letter; and their first post."""
    code = awaited("the letter", lambda: CODE.search(letters(grove, f"p{number}@example.com")))
    handle = f"person{number}.{DOMAIN}"
    new = {"handle": handle, "email": f"p{number}@example.com", "password": PASSWORD}
    made = call(url(grove), "com.atproto.server.createAccount", {**new, "inviteCode": code[1]})
    person = Person(url(grove), handle, made["did"], f"Bearer {made['accessJwt']}", handle)
    person.post("here")
    return person


def letters(grove: RunningGrove, to: str) -> str:
    """What was written to somebody, as the sandbox shows it."""
    asked = urllib.request.Request(f"{grove.url}/dev/mail?to={to}", headers={"Host": HOST})
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


def is_suspended(grove: RunningGrove, person: Person) -> None:
    """The public is told so, its people why."""
    asked = {"did": person.did}
    awaited("the suspension", lambda: call(url(grove), STATUS, **asked).get("status"))
    said = awaited("closed repos", lambda: _refused(lambda: call(url(grove), LATEST, **asked)))
    assert "RepoSuspended" in said
    assert "unpaid" in awaited("the reason", lambda: _refused(lambda: person.post("not now")))


def serves_again(grove: RunningGrove, person: Person) -> None:
    """Its people sign in and write."""

    def can_write() -> bool:
        with suppress(Refused):
            made = call(url(grove), SESSION, {"identifier": person.did, "password": PASSWORD})
            there = Person(url(grove), person.handle, person.did, f"Bearer {made['accessJwt']}")
            return bool(there.post("back"))
        return False

    awaited("a post after it", can_write)


def heads(grove: RunningGrove, people: list[Person]) -> dict[str, dict[str, Any]]:
    """Each process knows within seconds that a tenant is resumed."""

    def look() -> dict[str, dict[str, Any]]:
        with suppress(Refused):
            return {each.did: call(url(grove), LATEST, did=each.did) for each in people}
        return {}

    found: dict[str, dict[str, Any]] = awaited("the heads", look)
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Whose head is another one now."""
    return [(did, head, after.get(did)) for did, head in before.items() if after.get(did) != head]


def tell(here: Provider, there: Provider) -> None:
    """All of it, with what has to be true after each step."""
    here.set_up()
    invited = here.invite(LISTED)
    assert invited == {"invited": PEOPLE, "known": 0, "left_out": 0, "looked": PEOPLE}
    with ThreadPoolExecutor(4) as pool:
        people = list(pool.map(lambda number: signed_up(here.grove, number), range(PEOPLE)))
    fills_its_plan(here, people[0])
    here.suspend()
    is_suspended(here.grove, people[1])
    here.resume()
    serves_again(here.grove, people[1])
    before = heads(here.grove, people)
    here.suspend()
    is_suspended(here.grove, people[2])
    archive = here.export()
    assert here.delete() == PEOPLE
    sent = said(here.grove)
    made = there.take_in(archive)
    assert (made["tenant"], made["accounts"]) == ("acme", PEOPLE)
    there.resume()
    awaited("the resumption", lambda: is_active(there.grove, people))
    assert changed(before, heads(there.grove, people)) == []
    serves_again(there.grove, people[3])
    reads_on(there.grove, max(sent))


def _refused(verb: Callable[[], object]) -> str:
    """A limit is known to every process within seconds."""
    try:
        verb()
    except Refused as said:
        return str(said)
    return ""


def is_active(grove: RunningGrove, people: list[Person]) -> bool:
    with suppress(Refused):
        return all(call(url(grove), STATUS, did=each.did)["active"] for each in people)
    return False


def said(grove: RunningGrove) -> list[int]:
    """The numbers that a deployment's firehose gave."""
    stream = Stream(f"ws://{HOST}:{grove.port}").start()
    stream.await_quiet()
    return stream.seqs


def reads_on(grove: RunningGrove, last_seq: int) -> None:
    """A reader who was there before hears all that is new, in order, above all it had."""
    seqs = awaited("the firehose", lambda: said(grove))
    assert seqs == sorted(set(seqs))
    assert min(seqs) > last_seq
