"""Identifiers and string formats: any text gets a verdict, at once, and verdicts agree."""

from protocol import cid, syntax, tid
from protocol.mst import node

SEEDS = tuple(
    text.encode()
    for text in (
        "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        "did:web:localhost%3A2583",
        "alice.example.test",
        "xn--bcher-kva.example.com",
        "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3ke6kg3wk222b",
        "at://alice.example.test/com.example.thing/self",
        "com.example.fooBar",
        "App.Bsky.feed.post/self",
        "com.example.thing/..",
        "thing/x",
        "3ke6kg3wk222b",
        "2026-11-22T12:00:00.123456Z",
        "2026-02-29T23:59:60.000+23:59",
        "de-Latn-DE-1996-u-co-phonebk-x-private",
        "https://example.com/path?query#fragment",
        "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a",
    )
)
_TIDS_OF_OURS = "234567ab"  # others are from after the year 2255
_VERDICTS = (
    syntax.is_did,
    syntax.is_handle,
    syntax.is_at_identifier,
    syntax.is_nsid,
    syntax.is_collection,
    syntax.is_record_key,
    syntax.is_tid,
    syntax.is_cid,
    syntax.is_uri,
    syntax.is_datetime,
    syntax.is_language,
    syntax.is_at_uri,
)


def check(data: bytes) -> None:
    """Every format is asked about every text, surrogates included."""
    text = data.decode(errors="surrogateescape")
    assert {verdict(text) for verdict in _VERDICTS} <= {True, False}
    assert syntax.is_at_identifier(text) == (syntax.is_did(text) or syntax.is_handle(text))
    if syntax.is_tid(text) and text[0] in _TIDS_OF_OURS:
        assert tid.encode(*tid.decode(text)) == text
    if syntax.is_handle(text):
        assert syntax.is_handle(syntax.normalize_handle(text))
    _path(text)
    _at_uri(text)
    _cid(text)


def _path(text: str) -> None:
    collection, _, rkey = text.partition("/")
    if syntax.is_record_path(collection, rkey):
        assert syntax.is_nameable(collection, rkey)
        assert syntax.is_at_uri(f"at://alice.test/{text}")
        node.check_key(text.encode())


def _at_uri(text: str) -> None:
    try:
        uri = syntax.AtUri.parse(text)
    except syntax.InvalidSyntax:
        return
    assert syntax.is_at_identifier(uri.authority)
    assert not uri.collection or syntax.is_nsid(uri.collection)
    assert not uri.rkey or syntax.is_record_key(uri.rkey)
    assert str(uri) == text


def _cid(text: str) -> None:
    try:
        raw = cid.from_text(text)
    except cid.InvalidCid:
        return
    assert cid.to_text(raw) == text
