"""Refusals of other services: what is read of them, on the event loop."""

import gzip

import orjson

from xrpc.proxy import refusals
from xrpc.proxy.plans import Received

HEADERS = {"content-type": "application/json", "content-encoding": "gzip"}


def test_the_name_and_sentence_of_a_refusal_are_read() -> None:
    text = orjson.dumps({"error": "NoSuchThing", "message": "There is none"})
    reply = Received(404, HEADERS, gzip.compress(text))
    assert refusals.said(reply) == ("NoSuchThing", "There is none")


def test_a_refusal_that_unfolds_is_not_read() -> None:
    text = b'{"error":"Bomb","message":"' + b" " * refusals.READ_MAX_BYTES + b'"}'
    reply = Received(400, HEADERS, gzip.compress(text))
    assert refusals.said(reply) == ("", "")
