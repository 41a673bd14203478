"""Relays that follow the tenant's host through the story, and what they say of its people."""

import time
from functools import partial
from typing import Any, Final

from tests.interop.indigo.inside import CONNECTING_S, CRAWL
from tests.interop.network.client import Person, Refused, call
from tests.interop.network.story import awaited

STATUS: Final = "com.atproto.sync.getRepoStatus"


class Relays:
    """So many relays by name: none, where there is no network to run them in."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def crawl(self, host: str) -> None:
        """Have them read a host, from where it is now."""
        for name in self.names:
            call(f"https://{name}", CRAWL, {"hostname": host})
        if self.names:
            time.sleep(CONNECTING_S)

    def say(self, people: list[Person], *, is_active: bool) -> None:
        """Wait until each says so of everybody."""
        for name in self.names:
            awaited(f"active={is_active} at {name}", partial(are, name, people, is_active))

    def are_level(self, host: str, people: list[Person]) -> None:
        """Wait until each has everybody where the host does."""
        for name in self.names:
            awaited(f"the newest at {name}", partial(is_level, name, host, people))


def statuses(name: str, people: list[Person]) -> dict[str, Any]:
    """Whether each is active there, and the rev of their repo; or what was said instead."""
    found: dict[str, Any] = {}
    for person in people:
        try:
            said = call(f"https://{name}", STATUS, did=person.did)
        except (Refused, OSError) as refusal:
            found[person.did] = [False, str(refusal)]
        else:
            found[person.did] = [said["active"], said.get("rev")]
    return found


def are(name: str, people: list[Person], is_active: bool) -> bool:
    return all(active is is_active for active, _ in statuses(name, people).values())


def is_level(name: str, host: str, people: list[Person]) -> bool:
    found = statuses(name, people)
    return found == statuses(host, people) and all(active for active, _ in found.values())
