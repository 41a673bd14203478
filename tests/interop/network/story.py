"""The story that fills a network: people at both tenants, posts, pictures, a thread, a label, a
takedown, over the API that every client uses.

    .venv/bin/python -m tests.interop.network.story http://localhost:2583 http://localhost:2585 \
        .grove/network/secrets/admin-password

tells it to a running `make network`; `page.py` draws what two of its people see.
"""

import sys
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.network import pictures
from tests.interop.network.client import Person, call

OZONE = "tools.ozone.moderation.defs"
AWAIT_S = 60.0


@dataclass(frozen=True)
class Story:
    """Who is in it, and what is asserted later."""

    people: dict[str, Person]
    picture_post: dict[str, Any]
    labelled_post: dict[str, Any]


@dataclass(frozen=True)
class Moderator:
    """Ozone, asked with its own admin password."""

    url: str
    password: str

    def ask(self, nsid: str, body: Any = None, **query: Any) -> dict[str, Any]:
        word = b64encode(f"admin:{self.password}".encode()).decode()
        return call(self.url, nsid, body, auth=f"Basic {word}", **query)

    def act(self, kind: str, subject: dict[str, Any], by: str, **event: Any) -> None:
        """An event about a subject, as a moderator's client sends it."""
        body = {
            "event": {"$type": f"{OZONE}#{kind}", **event},
            "subject": subject,
            "createdBy": by,
        }
        self.ask("tools.ozone.moderation.emitEvent", body)


def tell(ash: str, ozone: Moderator, suffix: str = "") -> Story:
    """Tell it at a sandbox whose first host is `ash`; handles end in `suffix`."""
    scheme, _, rest = ash.partition("://")
    birch = f"{scheme}://birch.{rest}"
    people = {
        "anna": _person(ash, f"anna{suffix}.test", "Anna Holm", "Bees, bread, bicycles.", 0),
        "ben": _person(ash, f"ben{suffix}.test", "Ben Okafor", "Night trains.", 1),
        "clara": _person(birch, f"clara{suffix}.birch.test", "Clara Wu", "I draw hills.", 2),
        "dan": _person(birch, f"dan{suffix}.birch.test", "Dan Roth", "Here for the soup.", 3),
        "spam": _person(ash, f"cheap-watches{suffix}.test", "Watches 90% off", "Buy now", 4),
    }
    _follow(people)
    picture_post = _talk(people)
    spoiler = people["dan"].post("The gardener did it. Page 212, since you asked.")
    strong = {"$type": "com.atproto.repo.strongRef", **spoiler}
    ozone.act(
        "modEventLabel", strong, people["ben"].did, createLabelVals=["spoiler"], negateLabelVals=[]
    )
    _take_down(people, ozone)
    return Story(people, picture_post, spoiler)


def _person(host: str, handle: str, name: str, about: str, number: int) -> Person:
    person = Person.signed_up(host, handle)
    grounds = [(226, 239, 218), (218, 227, 243), (255, 242, 204), (251, 229, 214), (220, 220, 220)]
    greens = [(84, 130, 53), (47, 84, 150), (191, 144, 0), (197, 90, 17), (90, 90, 90)]
    avatar = person.picture(pictures.leaf(grounds[number], greens[number]))
    profile = {"displayName": name, "description": about, "avatar": avatar}
    person.write("app.bsky.actor.profile", profile, "self")
    return person


def _follow(people: dict[str, Person]) -> None:
    for who, whom in (
        ("anna", "clara"), ("anna", "dan"), ("anna", "ben"), ("clara", "anna"), ("dan", "anna"),
        ("ben", "clara"),
    ):  # fmt: skip
        people[who].follow(people[whom])


def _talk(people: dict[str, Person]) -> dict[str, Any]:
    """Posts, a picture, a thread across both tenants, likes; the post with the picture."""
    anna, ben, clara, dan = (people[name] for name in ("anna", "ben", "clara", "dan"))
    bread = anna.post("First loaf from the new oven. It is edible, which is news.")
    drawn = clara.picture(pictures.hills((126, 170, 222), (84, 130, 53), 0.7))
    image = {
        "image": drawn,
        "alt": "Green hills below a pale sun",
        "aspectRatio": {"width": 480, "height": 300},
    }
    hills = clara.post(
        "Hills behind the station, drawn with sums.",
        embed={"$type": "app.bsky.embed.images", "images": [image]},
    )
    seen(anna, hills)
    question = anna.answer(hills, hills, "Which station? I would cycle there.")
    seen(clara, question)
    where = clara.answer(hills, question, "Any of them. They are sums.")
    seen(ben, where)
    ben.answer(hills, where, "The 23:14 stops at all of them.")
    soup = dan.post("Soup report: leek. Nine out of ten.")
    for who, what in (
        (anna, hills),
        (ben, hills),
        (dan, hills),
        (clara, bread),
        (dan, bread),
        (anna, soup),
    ):
        who.like(what)
    ben.repost(hills)
    return hills


def seen(person: Person, post: dict[str, Any]) -> None:
    """Wait until somebody can see a post: the app view tells an author of the answers to posts
    that it knows, and each account's records come to it in their own time."""
    uris = [post["uri"]]
    awaited("the post", lambda: person.ask("app.bsky.feed.getPosts", uris=uris)["posts"])


def _take_down(people: dict[str, Person], ozone: Moderator) -> None:
    """An account that sells watches: somebody reports it, and Ozone takes it down."""
    spam, clara = people["spam"], people["clara"]
    spam.post("WATCHES WATCHES WATCHES")
    subject = {"$type": "com.atproto.admin.defs#repoRef", "did": spam.did}
    report = {"reasonType": "com.atproto.moderation.defs#reasonSpam", "subject": subject}
    clara.ask("com.atproto.moderation.createReport", report)
    ozone.act("modEventTakedown", subject, people["ben"].did, comment="sells watches")


def awaited(what: str, look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it is true: what was written travels by firehose and index."""
    deadline = time.monotonic() + AWAIT_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.5)
    return found


if __name__ == "__main__":
    url, ozone_url, password_file = sys.argv[1:4]
    told = tell(url, Moderator(ozone_url, Path(password_file).read_text().strip()))
    for who in told.people.values():
        sys.stdout.write(f"{who.handle} at {who.host}, password: a long password\n")
