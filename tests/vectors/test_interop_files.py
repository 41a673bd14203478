"""The public interop files for syntax, data model and keys, where a copy lies beside the checkout.

The files are those of bluesky-social/atproto-interop-tests.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libipld
import pytest

from protocol import atjson, cid, syntax
from protocol.keys import PublicKey, SigningKey

INTEROP = Path(__file__).parents[2] / "../shared/interop"
pytestmark = pytest.mark.skipif(
    not INTEROP.is_dir(), reason="no copy of the public interop files beside the checkout"
)

CHECKS: dict[str, Callable[[str], bool]] = {
    "atidentifier": syntax.is_at_identifier,
    "aturi": syntax.is_at_uri,
    "cid": syntax.is_cid,
    "datetime": syntax.is_datetime,
    "did": syntax.is_did,
    "handle": syntax.is_handle,
    "language": syntax.is_language,
    "nsid": syntax.is_nsid,
    "recordkey": syntax.is_record_key,
    "tid": syntax.is_tid,
    "uri": syntax.is_uri,
}


def _lines(verdict: str) -> list[tuple[str, str]]:
    """Pairs of a format's name and a text; white space at the ends is part of the test."""
    return [
        (file.name.split("_")[0], line)
        for file in sorted((INTEROP / "syntax").glob(f"*_{verdict}.txt"))
        for line in file.read_text().split("\n")
        if line and not line.startswith("#")
    ]


def _cases(path: str) -> list[dict[str, Any]]:
    file = INTEROP / path
    return json.loads(file.read_text()) if file.is_file() else []


def _label(case: dict[str, Any]) -> str:
    return str(case.get("note") or case.get("comment") or case.get("cid"))


@pytest.mark.parametrize(("name", "text"), _lines("valid"))
def test_valid_syntax_is_accepted(name: str, text: str) -> None:
    assert CHECKS[name](text)


@pytest.mark.parametrize(("name", "text"), _lines("invalid"))
def test_invalid_syntax_is_refused(name: str, text: str) -> None:
    assert not CHECKS[name](text)


@pytest.mark.parametrize("case", _cases("data-model/data-model-fixtures.json"), ids=_label)
def test_data_model_fixtures(case: dict[str, Any]) -> None:
    block = atjson.to_cbor(case["json"])
    assert block == base64.b64decode(case["cbor_base64"] + "==")
    assert cid.to_text(cid.of_dag_cbor(block)) == case["cid"]
    assert json.loads(atjson.from_cbor(block)) == case["json"]


@pytest.mark.parametrize("case", _cases("data-model/data-model-valid.json"), ids=_label)
def test_valid_data_is_encoded(case: dict[str, Any]) -> None:
    assert json.loads(atjson.from_cbor(atjson.to_cbor(case["json"]))) == case["json"]


@pytest.mark.parametrize("case", _cases("data-model/data-model-invalid.json"), ids=_label)
def test_invalid_data_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(atjson.DataModelError):
        atjson.to_cbor(case["json"])


@pytest.mark.parametrize("case", _cases("crypto/signature-fixtures.json"), ids=_label)
def test_signature_fixtures(case: dict[str, Any]) -> None:
    key = PublicKey.from_did_key(case["publicKeyDid"])
    message = base64.b64decode(case["messageBase64"] + "==")
    signature = base64.b64decode(case["signatureBase64"] + "==")
    assert key.verify(message, signature) is case["validSignature"]
    suite, text = case["didDocSuite"], case["publicKeyMultibase"]
    assert PublicKey.from_verification_method(suite, text) == key


@pytest.mark.parametrize("case", _cases("crypto/w3c_didkey_K256.json"))
def test_k256_did_keys(case: dict[str, str]) -> None:
    secret = bytes.fromhex(case["privateKeyBytesHex"])
    assert SigningKey.load("k256", secret).did_key == case["publicDidKey"]


@pytest.mark.parametrize("case", _cases("crypto/w3c_didkey_P256.json"))
def test_p256_did_keys(case: dict[str, str]) -> None:
    secret = libipld.decode_multibase("z" + case["privateKeyBytesBase58"])[1]
    assert SigningKey.load("p256", secret).did_key == case["publicDidKey"]
