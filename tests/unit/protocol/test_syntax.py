"""Identifier shapes, beyond what the public vectors cover."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import syntax
from protocol.syntax import AtUri, InvalidSyntax

Check = Callable[[str], bool]
CHECKS = [
    syntax.is_did, syntax.is_handle, syntax.is_nsid, syntax.is_collection, syntax.is_record_key,
    syntax.is_tid, syntax.is_at_uri, syntax.is_at_identifier, syntax.is_datetime,
    syntax.is_language, syntax.is_uri, syntax.is_cid,
]  # fmt: skip
GOOD = [
    "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "alice.test", "app.bsky.feed.post", "self",
    "3ke6kg3wk222b", "at://alice.test/app.bsky.feed.post/self", "2024-01-01T00:00:00.000Z",
    "pt-BR", "https://example.com", "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",
]  # fmt: skip


@given(st.text())
@pytest.mark.parametrize("is_valid", CHECKS, ids=lambda check: check.__name__)
def test_any_text_gets_an_answer(is_valid: Check, text: str) -> None:
    assert is_valid(text) in {True, False}


@pytest.mark.parametrize("is_valid", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("good", GOOD)
@pytest.mark.parametrize("ending", ["\n", " ", "\x00"])
def test_nothing_may_follow_a_good_text(is_valid: Check, good: str, ending: str) -> None:
    assert not is_valid(good + ending)


@pytest.mark.parametrize(
    ("is_valid", "longest"),
    [
        (syntax.is_did, "did:plc:" + "a" * 2040),
        (syntax.is_handle, "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61),
        (syntax.is_nsid, "com." + "a." * 124 + "b" * 63 + ".c"),
        (syntax.is_record_key, "k" * 512),
        (syntax.is_uri, "https:" + "x" * 8186),
    ],
)
def test_the_longest_is_good_and_one_more_is_not(is_valid: Check, longest: str) -> None:
    assert is_valid(longest)
    assert not is_valid(longest + "x" * 64)


@given(st.from_regex(syntax.NSID, fullmatch=True))
def test_a_collection_is_an_nsid_with_its_domain_in_lower_case(nsid: str) -> None:
    domain = nsid.rpartition(".")[0]
    assert syntax.is_collection(nsid) == (syntax.is_nsid(nsid) and domain == domain.lower())


@pytest.mark.parametrize("day", ["2023-02-29", "2024-04-31", "1900-02-29", "2024-02-30"])
def test_days_that_the_calendar_lacks_are_refused(day: str) -> None:
    assert not syntax.is_datetime(f"{day}T00:00:00Z")


@pytest.mark.parametrize("day", ["2024-02-29", "2000-02-29", "0000-02-29", "2024-12-31"])
def test_leap_days_are_days(day: str) -> None:
    assert syntax.is_datetime(f"{day}T00:00:00Z")


def test_a_handle_is_kept_in_lower_case() -> None:
    assert syntax.normalize_handle("Alice.Test") == "alice.test"
    with pytest.raises(InvalidSyntax):
        syntax.normalize_handle("alice")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("at://did:plc:abc", AtUri("did:plc:abc")),
        ("at://alice.test/app.bsky.feed.post", AtUri("alice.test", "app.bsky.feed.post")),
        ("at://alice.test/a.b.c/self", AtUri("alice.test", "a.b.c", "self")),
    ],
)
def test_an_at_uri_comes_apart_and_goes_together(text: str, parts: AtUri) -> None:
    assert AtUri.parse(text) == parts
    assert str(parts) == text


@pytest.mark.parametrize("text", ["", "at://", "at://alice.test/", "https://alice.test"])
def test_other_uris_do_not_come_apart(text: str) -> None:
    with pytest.raises(InvalidSyntax):
        AtUri.parse(text)
