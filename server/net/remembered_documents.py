"""JSON documents at untrusted URLs, remembered for all processes.

A document that was good stands in for as long as `kept_s` while its server is away: a fault of
somebody else's must not end what depends on it. Equal questions at once are one.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.cache.shared import Entry, SharedCache
from server.cache.single_flight import SingleFlight
from server.net import json_documents
from server.net.json_documents import DocumentRefused, DocumentUnavailable

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is fetched, and for how long it is remembered."""

    timeout_s: float
    max_bytes: int
    fresh_s: float  # without a question
    kept_s: float  # while its server is away
    again_s: float  # until that one, or one with new keys, is asked again
    refused_s: float  # for which a refusal is remembered


@dataclass(slots=True)
class RememberedDocuments:
    """The documents of one kind; `must_say_json`: their media types are looked at, too."""

    cache: SharedCache
    bounds: Bounds
    must_say_json: bool = False
    _single_flight: SingleFlight[Document] = field(default_factory=SingleFlight)

    def get(
        self, url: str, *, is_new: bool = False, before_asking: Callable[[], None] | None = None
    ) -> Document:
        """The document at a URL. `is_new` asks for it even if it is remembered, when that was not
        done lately; `before_asking` may refuse. Raises DocumentRefused, DocumentUnavailable."""
        known = self.cache.get(url)
        if known is not None and known.is_fresh and not (is_new and self._is_older(known)):
            return _told(known)
        if before_asking is not None:
            before_asking()
        try:
            return self._single_flight.run(url, lambda: self._asked(url))
        except DocumentUnavailable:
            if known is None or "document" not in known.value:
                raise
            self.cache.postpone(url, known, self.bounds.again_s)
            return _told(known)

    def forget(self, url: str) -> None:
        """Ask again next time."""
        self.cache.forget(url)

    def _is_older(self, known: Entry) -> bool:
        fetched_at = known.ask_again_at - self.bounds.fresh_s
        return time.time() - fetched_at > self.bounds.again_s

    def _asked(self, url: str) -> Document:
        bounds = self.bounds
        try:
            document = json_documents.get_object(
                url,
                timeout_s=bounds.timeout_s,
                max_bytes=bounds.max_bytes,
                must_say_json=self.must_say_json,
            )
        except DocumentRefused as refusal:
            told = {"refusal": str(refusal)}
            self.cache.put(url, told, fresh_s=bounds.refused_s, keep_s=bounds.refused_s)
            raise
        found = {"document": document}
        self.cache.put(url, found, fresh_s=bounds.fresh_s, keep_s=bounds.kept_s)
        return document


def _told(known: Entry) -> Document:
    if "refusal" in known.value:
        raise DocumentRefused(known.value["refusal"])
    found: Document = known.value["document"]
    return found
