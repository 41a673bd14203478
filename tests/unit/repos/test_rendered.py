import json

from protocol import cbor, cid
from repos.rendered import MAX_TEXT_BYTES, RenderedRecords


def block(text: str) -> tuple[bytes, bytes]:
    """A record's CID and its bytes."""
    data = cbor.encode({"text": text})
    return cid.of_dag_cbor(data), data


def test_the_members_make_an_object_that_shows_the_record() -> None:
    name, data = block('żółw "quoted"')
    shown = json.loads(b"{%b}" % RenderedRecords().members(name, data))
    assert shown == {"cid": cid.to_text(name), "value": {"text": 'żółw "quoted"'}}


def test_a_record_is_rendered_once() -> None:
    records = RenderedRecords()
    name, data = block("again")
    assert records.members(name, data) is records.members(name, data)


def test_what_came_first_goes_when_there_is_no_room() -> None:
    records = RenderedRecords(max_bytes=1_000)
    blocks = [block(f"number {number}") for number in range(4)]
    first = [records.members(*each) for each in blocks]
    kept = [records.members(*blocks[number]) is first[number] for number in (3, 2, 0)]
    assert kept == [True, True, False]


def test_a_long_text_is_not_kept() -> None:
    records = RenderedRecords()
    name, data = block("x" * MAX_TEXT_BYTES)
    assert records.members(name, data) is not records.members(name, data)
