"""Untrusted documents: bounded, harmless, and compiled with all they depend on."""

from typing import Any

import pytest

from protocol.lexicon import (
    DocumentError,
    LexiconError,
    check_untrusted,
    compile_documents,
    depends_on,
    width_of,
)
from protocol.lexicon.untrusted_documents import MAX_DOCUMENT_BYTES, MAX_KEY_LENGTH, MAX_WIDTH
from tests.unit.protocol.lexicon.sample_documents import NSID, record_document

OTHER = "example.test.other"
EVIL = "'); __import__('os').abort(); ('\n\"\"\"\\\x00\u2028{x}%s"


def refused(document: Any, size: int = 100) -> str:
    with pytest.raises(DocumentError) as refusal:
        check_untrusted(document, size)
    return refusal.value.message


def other(definitions: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": OTHER, "defs": definitions}


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "const": EVIL},
        {"type": "string", "enum": [EVIL]},
        {"type": "string", "default": EVIL},
        {"type": "union", "refs": [f"#{EVIL}", f"{NSID}#{EVIL}"], "closed": True},
        {"type": "blob", "accept": [EVIL]},
        {"type": "object", "properties": {EVIL: {"type": "integer"}}, "required": [EVIL]},
        {"type": "object", "properties": {}, "required": [EVIL], "nullable": [EVIL]},
        {"type": "array", "items": {"type": "string", "const": EVIL}},
    ],
)
def test_no_document_writes_code(field: dict[str, Any]) -> None:
    evil = {"type": "object", "properties": {"x": field}, "required": ["x"]}
    document = record_document({EVIL: field}, defs={EVIL: evil}, required=[EVIL])
    check_untrusted(document, 1000)
    record = compile_documents([document]).record(NSID)
    assert record is not None
    with pytest.raises(LexiconError):
        record.check({"$type": NSID})


def test_a_literal_key_of_any_text_is_only_compared() -> None:
    document = record_document({})
    document["defs"]["main"]["key"] = f"literal:{EVIL}"
    record = compile_documents([document]).record(NSID)
    assert record is not None
    with pytest.raises(LexiconError):
        record.check_rkey("self")


def test_documents_have_a_size_a_depth_and_a_width() -> None:
    assert "larger than" in refused(record_document({}), MAX_DOCUMENT_BYTES + 1)
    assert "more than 500" in refused(record_document({}, required=["a"] * (MAX_WIDTH + 1)))
    assert "names longer" in refused(record_document({"a" * (MAX_KEY_LENGTH + 1): {}}))


def test_endless_nesting_is_refused_before_anything_is_walked() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert "too deeply" in refused(record_document({}, description=deep))


def test_source_that_grows_beyond_its_document_is_refused() -> None:
    wide = {f"{'n' * 240}{number}": {"type": "integer"} for number in range(400)}
    document = record_document({"a" * 250: {"type": "object", "properties": wide}})
    check_untrusted(document, 1000)
    with pytest.raises(DocumentError, match="too long to check"):
        compile_documents([document])


def test_many_definitions_may_not_add_up_to_it_either() -> None:
    wide = {f"{'n' * 200}{number}": {"type": "integer"} for number in range(40)}
    definition = {"type": "object", "properties": wide}
    document = record_document({}, defs={f"d{number}": definition for number in range(20)})
    check_untrusted(document, 1000)
    with pytest.raises(DocumentError, match="too long to check"):
        compile_documents([document])


def test_the_width_is_that_of_the_widest_place() -> None:
    narrow = record_document({"a": {"type": "string", "enum": ["x"] * 30}})
    assert width_of([narrow, other({})]) == 30


def test_documents_depend_on_what_is_not_bundled() -> None:
    fields = {
        "a": {"type": "ref", "ref": f"{OTHER}#thing"},
        "b": {"type": "union", "refs": ["#here", "com.example.third", "app.bsky.embed.images"]},
        "c": {"type": "array", "items": {"type": "ref", "ref": "com.atproto.repo.strongRef"}},
    }
    document = record_document(fields, defs={"here": {"type": "object"}})
    assert depends_on(document) == {OTHER, "com.example.third"}


def test_a_record_is_checked_by_the_documents_it_depends_on() -> None:
    dependent = record_document({"a": {"type": "ref", "ref": f"{OTHER}#thing"}})
    given = other({"thing": {"type": "string", "maxLength": 2}})
    record = compile_documents([dependent, given]).record(NSID)
    assert record is not None
    record.check({"$type": NSID, "a": "ab"})
    with pytest.raises(LexiconError, match="longer than 2"):
        record.check({"$type": NSID, "a": "abc"})


@pytest.mark.parametrize(
    "field",
    [
        {"type": "ref", "ref": "#nowhere"},
        {"type": "ref", "ref": f"{OTHER}#thing"},
        {"type": "union", "refs": ["#nowhere"], "closed": True},
    ],
)
def test_a_definition_that_is_nowhere_makes_no_lexicon(field: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match="not defined"):
        compile_documents([record_document({"a": field})])


def test_an_open_union_may_name_what_nobody_defined() -> None:
    union = {"type": "union", "refs": ["#nowhere"]}
    record = compile_documents([record_document({"a": union})]).record(NSID)
    assert record is not None
    record.check({"$type": NSID, "a": {"$type": f"{NSID}#nowhere", "b": 1}})


def test_a_definition_that_holds_itself_ends_with_the_value() -> None:
    chain = {"type": "object", "properties": {"next": {"type": "ref", "ref": "#chain"}}}
    document = record_document({"a": {"type": "ref", "ref": "#chain"}}, defs={"chain": chain})
    record = compile_documents([document]).record(NSID)
    assert record is not None
    with pytest.raises(LexiconError, match="next/next/next must be an object"):
        record.check({"$type": NSID, "a": {"next": {"next": {"next": 1}}}})
