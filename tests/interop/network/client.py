"""A client of the sandbox in twenty lines: one person's session at a host, and their writes."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit


class Refused(Exception):
    """A server said no: its status and body."""


def call(
    url: str,
    nsid: str,
    body: Any = None,
    *,
    auth: str = "",
    media_type: str = "application/json",
    **query: Any,
) -> dict[str, Any]:
    """What an XRPC method answers; a body makes it a procedure. Raises Refused. Without TLS names
    below localhost lead to this machine, whatever a resolver thinks of them."""
    parts = urlsplit(url)
    origin = url if parts.scheme == "https" else f"http://localhost:{parts.port}"
    target = f"{origin}/xrpc/{nsid}?{urllib.parse.urlencode(query, True)}"
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(target, data, {"host": parts.netloc})
    if auth:
        request.add_header("authorization", auth)
    if data is not None:
        request.add_header("content-type", media_type)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
    except urllib.error.HTTPError as refusal:
        raise Refused(f"{nsid}: {refusal.code} {refusal.read()[:500]!r}") from None
    answered: dict[str, Any] = json.loads(text) if text else {}
    return answered


def data(url: str, nsid: str, **query: Any) -> bytes:
    """What a method answers that gives bytes."""
    target = f"{url}/xrpc/{nsid}?{urllib.parse.urlencode(query, True)}"
    with urllib.request.urlopen(target, timeout=60) as answer:
        given: bytes = answer.read()
    return given


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Person:
    """Somebody with an account at a host, signed in."""

    host: str
    handle: str
    did: str = ""
    auth: str = field(default="", repr=False)
    first_handle: str = ""  # of which their e-mail address is made

    @classmethod
    def signed_up(cls, host: str, handle: str) -> "Person":
        body = {"handle": handle, "email": f"{handle}@example.com", "password": "a long password"}
        made = call(host, "com.atproto.server.createAccount", body)
        return cls(host, handle, made["did"], f"Bearer {made['accessJwt']}", handle)

    def ask(self, nsid: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """A method of the host, or of the app view behind it."""
        return call(self.host, nsid, body, auth=self.auth, **more)

    def write(self, collection: str, record: dict[str, Any], rkey: str = "") -> dict[str, Any]:
        """Write a record; its strong reference."""
        body = {"repo": self.did, "collection": collection, "record": record}
        if rkey:
            return self.ref(self.ask("com.atproto.repo.putRecord", body | {"rkey": rkey}))
        record.setdefault("createdAt", now())
        return self.ref(self.ask("com.atproto.repo.createRecord", body))

    def picture(self, png: bytes) -> dict[str, Any]:
        """Upload a picture; the blob as records name it."""
        upload = "com.atproto.repo.uploadBlob"
        blob: dict[str, Any] = self.ask(upload, png, media_type="image/png")["blob"]
        return blob

    def post(self, text: str, **more: Any) -> dict[str, Any]:
        return self.write("app.bsky.feed.post", {"text": text, **more})

    def answer(self, root: dict[str, Any], parent: dict[str, Any], text: str) -> dict[str, Any]:
        return self.post(text, reply={"root": root, "parent": parent})

    def like(self, subject: dict[str, Any]) -> dict[str, Any]:
        return self.write("app.bsky.feed.like", {"subject": subject})

    def repost(self, subject: dict[str, Any]) -> dict[str, Any]:
        return self.write("app.bsky.feed.repost", {"subject": subject})

    def follow(self, other: "Person") -> dict[str, Any]:
        return self.write("app.bsky.graph.follow", {"subject": other.did})

    @staticmethod
    def ref(written: dict[str, Any]) -> dict[str, Any]:
        return {"uri": written["uri"], "cid": written["cid"]}
