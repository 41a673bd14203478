"""Vectors for identifiers, CIDs, CBOR, JSON, keys and CAR, written out so that they always run."""

import base64
from hashlib import sha256

from protocol import atjson, car, cbor, cid, tid
from protocol.keys import PublicKey, SigningKey

EMPTY_TREE = cbor.encode({"e": [], "l": None})
RECORD = {
    "$type": "app.bsky.feed.post",
    "text": "hi",
    "createdAt": "2024-01-01T00:00:00.000Z",
}
MESSAGE = base64.b64decode("oWVoZWxsb2V3b3JsZA==")
SIGNER = "did:key:zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc"


def _signature(text: str) -> bytes:
    return base64.b64decode(text + "==")


def test_tids() -> None:
    assert tid.encode(1_700_000_000_000_000, 7) == "3ke6kg3wk222b"
    assert tid.encode(0, 0) == "2222222222222"
    assert tid.decode("3ke6kg3wk222b") == (1_700_000_000_000_000, 7)


def test_the_cid_of_raw_bytes() -> None:
    name = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"
    assert cid.to_text(cid.of_raw(b"hello")) == name
    assert cid.from_text(name) == cid.of_raw(b"hello")


def test_the_cid_of_a_record_from_either_form() -> None:
    name = "bafyreiax32t3heeoeaia4m5ggaa4o5jfzt5xf7gfpg4xg574lxxpwpe77q"
    assert cid.to_text(cid.of_dag_cbor(cbor.encode(RECORD))) == name
    assert cid.to_text(cid.of_dag_cbor(atjson.to_cbor(RECORD))) == name


def test_simple_values_and_key_order() -> None:
    assert cbor.encode([False, True, None]) == b"\x83\xf4\xf5\xf6"
    assert cbor.encode({"b": 1, "aa": 2, "a": 3}).hex() == "a361610361620162616102"


def test_a_link_is_tag_42_over_a_zero_and_the_cid() -> None:
    root = cid.of_dag_cbor(EMPTY_TREE)
    assert cbor.encode(cbor.Link(root)) == b"\xd8\x2a\x58\x25\x00" + root


def test_the_did_key_of_a_secret() -> None:
    secret = "9085d2bef69286a6cbb51623c8fa258629945cd55ca705cc4e66700396894e0c"
    did_key = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
    assert SigningKey.load("k256", bytes.fromhex(secret)).did_key == did_key


def test_key_texts_begin_as_the_curve_says() -> None:
    assert SigningKey.generate("k256").did_key.startswith("did:key:zQ3s")
    assert SigningKey.generate("p256").did_key.startswith("did:key:zDn")


def test_a_good_signature() -> None:
    good = "5WpdIuEUUfVUYaozsi8G0B3cWO09cgZbIIwg1t2YKdUn/FEznOndsz/qgiYb89zwxYCbB71f7yQK5Lr7NasfoA"
    assert PublicKey.from_did_key(SIGNER).verify(MESSAGE, _signature(good))


def test_its_high_s_twin_fails() -> None:
    twin = "5WpdIuEUUfVUYaozsi8G0B3cWO09cgZbIIwg1t2YKdXYA67MYxYiTMAVfdnkDCMN9S5B3vHosRe07aORmoshoQ"
    assert not PublicKey.from_did_key(SIGNER).verify(MESSAGE, _signature(twin))


def test_an_unsigned_commit_of_the_empty_tree() -> None:
    commit = {
        "did": "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        "version": 3,
        "data": cbor.Link(cid.of_dag_cbor(EMPTY_TREE)),
        "rev": "3ke6kg3wk222b",
        "prev": None,
    }
    unsigned = cbor.encode(commit)
    assert len(unsigned) == 118
    digest = "acfe195a76340a1001ead2edede41418608f3680ed3522c29179c7a3bb6b1d61"
    assert sha256(unsigned).hexdigest() == digest
    signed = cid.to_text(cid.of_dag_cbor(cbor.encode({**commit, "sig": bytes(64)})))
    assert signed == "bafyreiccjdrrfbnze44va2h2ghzvhn7x5r2ptwqr5wrhlbxisn2mtbdl54"


def test_a_car_header() -> None:
    header = car.header([cid.of_dag_cbor(EMPTY_TREE)])
    assert len(header) == 1 + 58
    assert header.hex().startswith("3aa265726f6f747381d82a5825000171")
