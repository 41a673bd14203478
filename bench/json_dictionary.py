"""Makes the zstd dictionary of JSON streams: `python -m bench.json_dictionary FILE`.

It is trained on messages that are made up here, in both shapes, so that it holds nobody's words:
what such messages have in common is names of fields, collections and the form of identifiers. The
same numbers come out each time.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import zstandard

from protocol import cid, tid
from protocol.event_stream.frames import EventKind
from repos.events.json_streams import encoding

DICTIONARY_ID = 100_055  # free for private use, RFC 8878 section 5; another one for another content
DICTIONARY_BYTES = 32_768
MESSAGES = 12_000
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_WORDS = [
    "the",
    "a",
    "to",
    "of",
    "and",
    "in",
    "is",
    "it",
    "you",
    "that",
    "for",
    "on",
    "this",
    "with",
    "are",
    "was",
    "be",
    "have",
    "not",
    "at",
    "what",
    "so",
    "all",
    "just",
    "like",
    "today",
    "new",
    "from",
    "they",
    "can",
    "good",
    "time",
    "one",
    "people",
    "day",
    "about",
    "now",
    "more",
    "out",
    "here",
    "there",
    "some",
    "think",
    "know",
    "really",
    "love",
    "work",
    "want",
    "thanks",
    "see",
    "how",
    "been",
    "will",
    "get",
    "make",
    "right",
    "going",
    "first",
    "very",
    "never",
    "great",
    "music",
    "art",
    "photo",
    "night",
    "morning",
    "live",
    "game",
    "world",
    "life",
    "still",
    "much",
    "back",
    "same",
    "other",
]
_LANGS = ("en", "de", "fr", "es", "pt", "ja")


class Network:
    """Made-up people and what they do."""

    def __init__(self) -> None:
        self._dice = random.Random(55)
        self._now = datetime(2026, 11, 1, tzinfo=UTC)

    def messages(self) -> list[bytes]:
        """Texts of both shapes."""
        found = []
        for number in range(MESSAGES):
            self._now += timedelta(microseconds=self._dice.randrange(900_000))
            part = self._part(number)
            text = encoding.message(part) if number % 2 else encoding.enveloped(part)
            found.append(text or encoding.enveloped(part))
        return found

    def _part(self, number: int) -> encoding.Part:
        did = self._did()
        kind = self._dice.choices((1, 3, 4), (94, 3, 3))[0]
        name = encoding.KINDS[0]
        collection, shown = "", b""
        if kind == EventKind.COMMIT:
            collection, record = self._record()
            shown = orjson.dumps(self._operation(collection, record))[1:-1]
        else:
            name = encoding.KINDS[1 if kind == EventKind.IDENTITY else 2]
            told: dict[str, Any] = {"did": did, "seq": number, "time": self._time()}
            told |= {"handle": self._handle()} if name == b"identity" else {"active": True}
            shown = orjson.dumps(told)[1:-1]
        numbers = str(encoding.microseconds(self._now)).encode(), str(self._seq()).encode()
        return encoding.Part(name, did.encode(), collection.encode(), *numbers, shown)

    def _operation(self, collection: str, record: dict[str, Any]) -> dict[str, Any]:
        action = self._dice.choices(("create", "delete", "update"), (88, 9, 3))[0]
        shown = {"rev": self._tid(), "operation": action, "collection": collection}
        shown["rkey"] = "self" if collection.endswith("profile") else self._tid()
        return shown if action == "delete" else {**shown, "record": record, "cid": self._cid()}

    def _record(self) -> tuple[str, dict[str, Any]]:
        weights = (45, 22, 12, 12, 3, 3, 2, 1)
        names = ("like", "post", "repost", "follow", "block", "profile", "listitem", "threadgate")
        return getattr(self, "_" + self._dice.choices(names, weights)[0])()

    def _like(self, name: str = "app.bsky.feed.like") -> tuple[str, dict[str, Any]]:
        return name, {"$type": name, "subject": self._strong_ref(), "createdAt": self._time()}

    def _repost(self) -> tuple[str, dict[str, Any]]:
        return self._like("app.bsky.feed.repost")

    def _follow(self, name: str = "app.bsky.graph.follow") -> tuple[str, dict[str, Any]]:
        return name, {"$type": name, "subject": self._did(), "createdAt": self._time()}

    def _block(self) -> tuple[str, dict[str, Any]]:
        return self._follow("app.bsky.graph.block")

    def _listitem(self) -> tuple[str, dict[str, Any]]:
        name = "app.bsky.graph.listitem"
        listed = f"at://{self._did()}/app.bsky.graph.list/{self._tid()}"
        return name, {
            "$type": name,
            "list": listed,
            "subject": self._did(),
            "createdAt": self._time(),
        }

    def _threadgate(self) -> tuple[str, dict[str, Any]]:
        name = "app.bsky.feed.threadgate"
        rule = {"$type": f"{name}#followingRule"}
        post = f"at://{self._did()}/app.bsky.feed.post/{self._tid()}"
        shown = {"$type": name, "post": post, "allow": [rule], "hiddenReplies": []}
        return name, {**shown, "createdAt": self._time()}

    def _profile(self) -> tuple[str, dict[str, Any]]:
        name = "app.bsky.actor.profile"
        shown = {"$type": name, "avatar": self._blob(), "description": self._words(12)}
        return name, {**shown, "displayName": self._words(2), "createdAt": self._time()}

    def _post(self) -> tuple[str, dict[str, Any]]:
        name = "app.bsky.feed.post"
        post: dict[str, Any] = {"$type": name, "langs": [self._dice.choice(_LANGS)]}
        post |= {"text": self._words(self._dice.randrange(1, 30)), "createdAt": self._time()}
        if self._dice.random() < 0.5:
            post["reply"] = {"root": self._strong_ref("post"), "parent": self._strong_ref("post")}
        if self._dice.random() < 0.3:
            post["embed"] = self._embed()
        if self._dice.random() < 0.15:
            post["facets"] = [self._facet()]
        return name, post

    def _embed(self) -> dict[str, Any]:
        size = {"width": self._dice.randrange(400, 2000), "height": self._dice.randrange(400, 2000)}
        images = [{"alt": self._words(4), "image": self._blob(), "aspectRatio": size}]
        external = {"uri": "https://www.example.com/", "title": self._words(6), "description": ""}
        return self._dice.choice(
            [
                {"$type": "app.bsky.embed.images", "images": images},
                {"$type": "app.bsky.embed.record", "record": self._strong_ref("post")},
                {
                    "$type": "app.bsky.embed.external",
                    "external": {**external, "thumb": self._blob()},
                },
                {"$type": "app.bsky.embed.video", "video": self._blob("video/mp4")},
            ]
        )

    def _facet(self) -> dict[str, Any]:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://www.example.com/"}
        tag = {"$type": "app.bsky.richtext.facet#tag", "tag": self._words(1)}
        mention = {"$type": "app.bsky.richtext.facet#mention", "did": self._did()}
        place = {"byteStart": self._dice.randrange(100), "byteEnd": self._dice.randrange(100, 300)}
        return {"features": [self._dice.choice([link, tag, mention])], "index": place}

    def _strong_ref(self, kind: str = "post") -> dict[str, Any]:
        uri = f"at://{self._did()}/app.bsky.feed.{kind}/{self._tid()}"
        return {"cid": self._cid(), "uri": uri}

    def _blob(self, mime_type: str = "image/jpeg") -> dict[str, Any]:
        ref = {"$link": cid.to_text(cid.of_raw(self._dice.randbytes(8)))}
        size = self._dice.randrange(10_000, 999_999)
        return {"$type": "blob", "ref": ref, "mimeType": mime_type, "size": size}

    def _did(self) -> str:
        return "did:plc:" + "".join(self._dice.choices(_ALPHABET, k=24))

    def _handle(self) -> str:
        return "".join(self._dice.choices(_ALPHABET[:26], k=9)) + ".bsky.social"

    def _cid(self) -> str:
        return cid.to_text(cid.of_dag_cbor(self._dice.randbytes(8)))

    def _tid(self) -> str:
        return tid.encode(encoding.microseconds(self._now), self._dice.randrange(1024))

    def _seq(self) -> int:
        return 30_000_000_000 + self._dice.randrange(10**9)

    def _time(self) -> str:
        return self._now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _words(self, count: int) -> str:
        return " ".join(self._dice.choices(_WORDS, k=count))


def main() -> None:
    """Write the dictionary; print how much it saves of messages that it was not trained on."""
    messages = Network().messages()
    training, others = messages[: len(messages) * 3 // 4], messages[len(messages) * 3 // 4 :]
    made = zstandard.train_dictionary(DICTIONARY_BYTES, training, dict_id=DICTIONARY_ID)
    Path(sys.argv[1]).write_bytes(made.as_bytes())
    for name, compressor in (
        ("without", zstandard.ZstdCompressor(level=3)),
        ("with", zstandard.ZstdCompressor(level=3, dict_data=made)),
    ):
        small = sum(len(compressor.compress(text)) for text in others)
        print(f"{name} it: {small / sum(map(len, others)):.1%} of the bytes")


if __name__ == "__main__":
    main()
