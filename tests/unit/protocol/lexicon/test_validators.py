"""Properties that hold for every document and every value."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor
from protocol.lexicon import Catalog, LexiconError, catalog
from protocol.lexicon.documents import bundled_nsids
from protocol.lexicon.schema_check import DEFINITION_TYPES, FIELD_TYPES
from tests.unit.protocol.lexicon.sample_documents import NSID, record_document, refused

LINK = cbor.Link.decode("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq")
RECORDS = ["app.bsky.feed.post", "app.bsky.actor.profile", "app.bsky.graph.list"]
METHODS = ["com.atproto.repo.applyWrites", "com.atproto.server.createAccount"]
WORDS = st.sampled_from(
    [
        *("$type", "$link", "$bytes", "text", "createdAt", "embed", "reply", "facets", "features"),
        *("app.bsky.embed.images", "app.bsky.richtext.facet#link", "blob", "images", "writes"),
        *RECORDS,
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.just(LINK),
    st.text(st.characters()), st.text(st.characters(categories=["Cs"])), WORDS,
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(WORDS, st.text()), inner)),
)


@pytest.mark.long
def test_every_bundled_definition_compiles() -> None:
    made = Catalog()
    for nsid in bundled_nsids():
        for key in (made.document(nsid) or {})["defs"]:
            name = f"{nsid}#{key}"
            if made.of_values.definition(name) is not None:
                assert callable(made.of_values[name])
                assert callable(made.of_json[name])


def test_every_bundled_method_compiles() -> None:
    for nsid in bundled_nsids():
        method = Catalog().method(nsid)
        if method is None:
            continue
        assert isinstance(refused(method.parse_params, {}), LexiconError | None)
        for verb in (method.check_input, method.check_output):
            assert isinstance(refused(verb, {}), LexiconError | None)


@pytest.mark.long
@given(st.sampled_from(RECORDS), VALUES)
def test_any_value_is_accepted_or_refused_as_a_record(nsid: str, value: Any) -> None:
    kind = catalog().record(nsid)
    assert kind is not None
    record = {**value, "$type": nsid} if isinstance(value, dict) else value
    refusal = refused(kind.check, record)
    assert refusal is None or refusal.message.startswith("Record")


@pytest.mark.long
@given(st.sampled_from(METHODS), VALUES)
def test_any_value_is_accepted_or_refused_as_a_body(nsid: str, value: Any) -> None:
    method = catalog().method(nsid)
    assert method is not None
    refusal = refused(method.check_input, value)
    assert refusal is None or refusal.message.startswith("Input")


@given(st.dictionaries(st.sampled_from(["repo", "limit", "x"]), st.lists(st.text(), max_size=3)))
def test_any_query_string_parses_or_is_refused(multi: dict[str, list[str]]) -> None:
    method = catalog().method("com.atproto.repo.listRecords")
    assert method is not None
    refusal = refused(method.parse_params, {**multi, "collection": ["a.b.c"]})
    assert refusal is None or refusal.path in ("Params", "repo", "limit")


FIELD_NAMES = st.sampled_from(
    [
        *("type", "properties", "required", "nullable", "items", "refs", "ref", "enum", "const"),
        *("minimum", "maxLength", "format", "default", "accept", "maxSize", "closed", "record"),
    ]
)
SCHEMAS = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(sorted(FIELD_TYPES | DEFINITION_TYPES))}),
    lambda inner: st.one_of(
        st.builds(
            lambda schema, more: {**more, **schema}, inner, st.dictionaries(FIELD_NAMES, SCALARS)
        ),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda fields: {"type": "object", "properties": fields},
            st.dictionaries(st.text(), inner),
        ),
    ),
)


@pytest.mark.long
@settings(max_examples=200)
@given(st.dictionaries(st.text(), SCHEMAS, max_size=3), VALUES)
def test_any_document_compiles_or_is_refused(fields: dict[str, Any], value: Any) -> None:
    def compile_and_check(document: dict[str, Any]) -> None:
        kind = Catalog([document]).record(NSID)
        assert kind is not None
        kind.check({**dict.fromkeys(fields, value), "$type": NSID})

    refusal = refused(compile_and_check, record_document(fields))
    assert refusal is None or refusal.path.startswith(("Record", "Lexicon"))


def test_threads_may_compile_the_same_type_at_once() -> None:
    made = Catalog()
    failures: list[LexiconError | None] = []

    def check() -> None:
        kind = made.record("app.bsky.actor.profile")
        assert kind is not None
        failures.append(refused(kind.check, {"$type": kind.nsid, "displayName": "a"}))

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [None] * 8
