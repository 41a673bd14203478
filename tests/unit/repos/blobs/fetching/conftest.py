"""An account that moved in and lacks two pictures, and the host where it lived before."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from django.utils import timezone

from accounts.models import AccountMigration
from protocol import cid
from repos.models import BlobUse
from server.net import http_client
from tests.unit.repos.blobs.fetching.old_host import LINKS, OLD, PICTURES


@dataclass
class OldHost:
    """Answers getBlob; a test may spoil it."""

    blobs: dict[str, bytes]
    status: int = 200
    error: str = ""
    message: str = ""
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, **limits: Any) -> http_client.Answer:
        parts = urlsplit(url)
        assert (method, parts.path) == ("GET", "/xrpc/com.atproto.sync.getBlob")
        wanted = parse_qs(parts.query)["cid"][0]
        self.asked.append(wanted)
        if self.failure is not None:
            raise self.failure
        status, body = self._answer(wanted)
        if len(body) > limits["max_bytes"]:
            raise http_client.TooLarge(1_000, 200)
        limits["into"].write(body)
        return http_client.Answer(status, {"content-type": "image/png"}, b"")

    def _answer(self, wanted: str) -> tuple[int, bytes]:
        if self.status != 200:
            said = {"error": self.error, "message": self.message}
            return self.status, orjson.dumps(said) if self.error else b"<html>no</html>"
        if wanted not in self.blobs:
            return 400, b'{"error":"InvalidRequest","message":"Blob not found"}'
        return 200, self.blobs[wanted]


@pytest.fixture
def old_host(monkeypatch, settings, folder) -> OldHost:
    settings.VALKEY_URL = ""
    host = OldHost({cid.to_text(cid.of_raw(data)): data for data in PICTURES})
    monkeypatch.setattr(http_client, "request", host.request)
    return host


@pytest.fixture
def moved(account) -> int:
    """The repo of somebody from the old host, whose records name two pictures."""
    AccountMigration.objects.create(account=account, moved_from=OLD, created_at=timezone.now())
    for number, link in enumerate(LINKS):
        BlobUse.objects.create(
            repo_id=account.pk, collection="a.b.c", rkey=str(number), cid=link, rev="3"
        )
    return int(account.pk)
