import pytest

from protocol import cbor, cid
from repos.blobs import blob_refs

RAW = cid.of_raw(b"blob")
BLOB = {"$type": "blob", "ref": cbor.Link(RAW), "mimeType": "image/png", "size": 4}
LEGACY = {"cid": cid.to_text(RAW), "mimeType": "image/png"}


@pytest.mark.parametrize("value", [{"a": BLOB}, {"a": [[BLOB, BLOB]]}, {"a": {"b": LEGACY}}])
def test_a_blob_is_found_wherever_it_stands(value: object) -> None:
    assert blob_refs.in_stored_record(value) == {RAW: "image/png"}


@pytest.mark.parametrize(
    "value",
    [
        {**BLOB, "ref": "text"},
        {**BLOB, "ref": cbor.Link(cid.of_dag_cbor(b"x"))},
        {"$type": "blob"},
        {**LEGACY, "cid": "nonsense"},
        {**LEGACY, "cid": cid.to_text(cid.of_dag_cbor(b"x"))},
        {**LEGACY, "more": "fields"},
        {"cid": 1, "mimeType": 2},
    ],
)
def test_what_only_looks_like_a_blob_is_passed_over(value: object) -> None:
    assert blob_refs.in_stored_record({"embed": value}) == {}


def test_links_to_blobs_without_the_type_are_no_blobs() -> None:
    assert blob_refs.in_stored_record({"link": cbor.Link(RAW)}) == {}
