"""Documents of other servers, remembered: what stands in, and when they are asked again."""

import dataclasses
import secrets

import pytest

from server.cache.shared import SharedCache
from server.net import json_documents
from server.net.json_documents import DocumentRefused, DocumentUnavailable
from server.net.remembered_documents import Bounds, RememberedDocuments

URL = "https://app.example/document"
PATIENT = Bounds(5.0, 1_000, fresh_s=600.0, kept_s=6_000.0, again_s=30.0, refused_s=30.0)


class Server:
    """The server of the document: says what is next, and the last of it for good."""

    def __init__(self, *said: object) -> None:
        self.said, self.asked = list(said), 0

    def get_object(self, url: str, **_bounds: object) -> object:
        self.asked += 1
        answer = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def documents() -> RememberedDocuments:
    return RememberedDocuments(SharedCache(f"test-{secrets.token_hex(4)}"), PATIENT)


def served(monkeypatch: pytest.MonkeyPatch, *said: object) -> Server:
    server = Server(*said)
    monkeypatch.setattr(json_documents, "get_object", server.get_object)
    return server


def but(documents: RememberedDocuments, **bounds: float) -> RememberedDocuments:
    return dataclasses.replace(documents, bounds=dataclasses.replace(PATIENT, **bounds))


def test_a_document_is_asked_for_once(documents, monkeypatch):
    server = served(monkeypatch, {"a": 1})
    assert [documents.get(URL), documents.get(URL), server.asked] == [{"a": 1}, {"a": 1}, 1]


def test_a_refusal_is_remembered_and_a_silence_is_not(documents, monkeypatch):
    server = served(monkeypatch, DocumentUnavailable("late"), DocumentRefused("none"))
    with pytest.raises(DocumentUnavailable):
        documents.get(URL)
    for _ in range(2):
        with pytest.raises(DocumentRefused, match="none"):
            documents.get(URL)
    assert server.asked == 2


def test_a_good_document_stands_in_while_its_server_is_away(documents, monkeypatch):
    server = served(monkeypatch, {"a": 1}, DocumentUnavailable("late"))
    assert but(documents, fresh_s=0.0).get(URL) == {"a": 1}
    assert documents.get(URL) == {"a": 1}
    assert documents.get(URL) == {"a": 1}
    assert server.asked == 2  # not at each call


def test_a_newer_one_is_asked_for_when_that_was_not_done_lately(documents, monkeypatch):
    server = served(monkeypatch, {"a": 1}, {"a": 2})
    documents.get(URL)
    assert documents.get(URL, is_new=True) == {"a": 1}
    assert but(documents, again_s=-1.0).get(URL, is_new=True) == {"a": 2}
    assert server.asked == 2


def test_whoever_may_not_ask_gets_what_is_remembered(documents, monkeypatch):
    served(monkeypatch, {"a": 1})

    def no() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        documents.get(URL, before_asking=no)
    documents.get(URL)
    assert documents.get(URL, before_asking=no) == {"a": 1}
