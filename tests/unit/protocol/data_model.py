"""Hypothesis strategies for values of the data model, decoded and as JSON."""

from typing import Any

from hypothesis import strategies as st

from protocol import cbor, cid

links = st.binary(max_size=4).map(lambda block: cbor.Link(cid.of_dag_cbor(block)))
texts = st.text(max_size=12)
names = texts.filter(lambda name: name != "__proto__")  # no JSON of ours has it
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4)


values = st.recursive(scalars | st.binary(max_size=40) | links, _containers, max_leaves=12)

_plain_names = names.filter(lambda name: name not in {"$link", "$bytes", "$type"})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_plain_names, inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(_plain_names, json_values, max_size=5)


def nested(depth: int) -> Any:
    """A list in a list in a list: `depth` of them."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def is_json_safe(value: Any) -> bool:
    """Whether all integers survive a JavaScript reader (within 2^53-1), as record input must."""
    pending = [value]
    for item in pending:  # grows while it is walked
        kind = type(item)
        if kind is dict:
            pending.extend(item.values())
        elif kind is list:
            pending.extend(item)
        elif kind is int and abs(item) > cbor.MAX_JSON_SAFE_INTEGER:
            return False
    return True
