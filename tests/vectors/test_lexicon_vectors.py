"""The public interop files for lexicons (atproto-interop-tests, `lexicon/`)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor
from protocol.lexicon import Catalog, DocumentError, LexiconError, RecordType
from protocol.lexicon.schema_check import check_document

FOLDER = Path(__file__).parents[3] / "shared" / "interop" / "lexicon"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the interop files are not beside this checkout"
)


def cases(name: str) -> list[Any]:
    file = FOLDER / name
    if not file.is_file():
        return []
    return [pytest.param(case, id=case["name"]) for case in json.loads(file.read_text())]


def as_value(data: Any) -> Any:
    """JSON as decoded CBOR; what is no link or bytes after all stays an object."""
    if isinstance(data, list):
        return [as_value(item) for item in data]
    if not isinstance(data, dict):
        return data
    if isinstance(data.get("$link"), str):
        return cbor.Link.decode(data["$link"])
    if isinstance(data.get("$bytes"), str):
        return base64.b64decode(data["$bytes"] + "==")
    return {key: as_value(item) for key, item in data.items()}


@pytest.fixture(scope="module")
def demo() -> RecordType:
    documents = [json.loads(file.read_text()) for file in sorted((FOLDER / "catalog").iterdir())]
    found = Catalog(documents).record("example.lexicon.record")
    assert found is not None
    return found


@pytest.mark.parametrize("case", cases("lexicon-valid.json"))
def test_a_valid_document_passes(case: dict[str, Any]) -> None:
    check_document(case["lexicon"])
    assert Catalog([case["lexicon"]]).document(case["lexicon"]["id"]) == case["lexicon"]


@pytest.mark.parametrize("case", cases("lexicon-invalid.json"))
def test_an_invalid_document_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        check_document(case["lexicon"])


@pytest.mark.parametrize("case", cases("record-data-valid.json"))
def test_valid_record_data_passes(demo: RecordType, case: dict[str, Any]) -> None:
    demo.check_rkey(case["rkey"])
    demo.check(as_value(case["data"]))


@pytest.mark.parametrize("case", cases("record-data-invalid.json"))
def test_invalid_record_data_is_refused(demo: RecordType, case: dict[str, Any]) -> None:
    with pytest.raises(LexiconError):
        demo.check(as_value(case["data"]))


def test_the_catalogs_methods_compile(demo: RecordType) -> None:
    documents = [json.loads(file.read_text()) for file in sorted((FOLDER / "catalog").iterdir())]
    made = Catalog(documents)
    query, procedure = (
        made.method("example.lexicon.query"),
        made.method("example.lexicon.procedure"),
    )
    assert query is not None
    assert procedure is not None
    assert query.parse_params({"stringField": ["a"], "array": ["1", "2"]})["array"] == [1, 2]
    assert procedure.check_input({"preferences": []}) == {"preferences": []}
    assert demo.key == "literal:demo"
