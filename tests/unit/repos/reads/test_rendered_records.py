import json

from protocol import cbor, cid
from repos.reads.rendered_records import MAX_TEXT_BYTES, RenderedRecords


def block(text: str) -> tuple[bytes, bytes]:
    """A record's CID and its bytes."""
    data = cbor.encode({"text": text})
    return cid.of_dag_cbor(data), data


def test_the_members_make_an_object_that_shows_the_record() -> None:
    name, data = block('żółw "quoted"')
    shown = json.loads(b"{%b}" % RenderedRecords().members(name, data))
    assert shown == {"cid": cid.to_text(name), "value": {"text": 'żółw "quoted"'}}


def test_what_was_rendered_is_known() -> None:
    records = RenderedRecords()
    name, data = block("again")
    assert records.known(name) is None
    text = records.members(name, data)
    assert records.known(name) is text


def test_what_came_first_goes_when_there_is_no_room() -> None:
    records = RenderedRecords(max_bytes=1_000)
    blocks = [block(f"number {number}") for number in range(4)]
    for each in blocks:
        records.members(*each)
    is_known = [records.known(name) is not None for name, _ in blocks]
    assert is_known == [False, False, True, True]


def test_a_long_text_is_not_kept() -> None:
    records = RenderedRecords()
    name, data = block("x" * MAX_TEXT_BYTES)
    records.members(name, data)
    assert records.known(name) is None
