"""Tokens taken apart: what was put together comes back, and nothing else gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.encryption.compact_jws import (
    MAX_CHARS,
    BadServiceToken,
    base64url,
    parse,
    segment,
)

OBJECTS = some.dictionaries(some.text(max_size=8), some.text(max_size=20), max_size=4)


@given(OBJECTS, OBJECTS, some.binary(max_size=80))
def test_what_was_put_together_is_taken_apart(header, payload, signature):
    signed = segment(header) + b"." + segment(payload)
    token = parse((signed + b"." + base64url(signature)).decode())
    assert (token.header, token.payload, token.signature) == (header, payload, signature)
    assert token.signed == signed


# An object's base64 begins with "e", after spaces of JSON with one of "IC0".
@given(some.text(alphabet=some.characters(max_codepoint=255, exclude_characters=".eIC0DQgk")))
def test_any_other_text_is_refused_by_name(text):
    for jwt in (text, f"{text}.{text}", f"{text}.{text}.AA", f"{text}.AA.AA"):
        with pytest.raises(BadServiceToken):
            parse(jwt)


@given(some.binary(max_size=60), some.binary(max_size=60))
def test_segments_that_are_no_objects_are_refused(header, payload):
    jwt = b".".join((base64url(b"[" + header), base64url(payload), b"AA"))
    with pytest.raises(BadServiceToken):
        parse(jwt.decode())


def test_a_token_longer_than_any_need_be_is_not_even_taken_apart():
    long = base64url(b"x" * MAX_CHARS).decode()
    with pytest.raises(BadServiceToken):
        parse(f"{long}.{long}.{long}")
