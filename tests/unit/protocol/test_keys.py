"""Signing keys of both curves: what they sign verifies, and nothing else does."""

import libipld
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from protocol import keys
from protocol.keys import ORDERS, Curve, InvalidKey, PublicKey, SigningKey

CURVES: list[Curve] = ["k256", "p256"]
KEYS = {curve: SigningKey.load(curve, b"grove" * 6 + b"ab") for curve in CURVES}
both_curves = pytest.mark.parametrize("curve", CURVES)


def _scalars(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _high_s(curve: Curve, signature: bytes) -> bytes:
    r, s = _scalars(signature)
    return r.to_bytes(32, "big") + (ORDERS[curve] - s).to_bytes(32, "big")


@both_curves
@given(st.binary(max_size=100))
def test_a_signature_is_low_s_and_verifies(curve: Curve, message: bytes) -> None:
    signature = KEYS[curve].sign(message)
    assert len(signature) == 64
    assert _scalars(signature)[1] <= ORDERS[curve] // 2
    assert KEYS[curve].public.verify(message, signature)


@both_curves
def test_another_message_or_key_does_not_verify(curve: Curve) -> None:
    signature = KEYS[curve].sign(b"message")
    assert not KEYS[curve].public.verify(b"messagf", signature)
    assert not SigningKey.generate(curve).public.verify(b"message", signature)


@both_curves
def test_high_s_is_refused_but_for_lenient_readers(curve: Curve) -> None:
    public, signature = KEYS[curve].public, KEYS[curve].sign(b"message")
    twin = _high_s(curve, signature)
    assert not public.verify(b"message", twin)
    assert public.verify_lenient(b"message", twin)
    assert public.verify_lenient(b"message", signature)
    assert not public.verify_lenient(b"other", twin)


@both_curves
def test_der_and_other_lengths_are_refused(curve: Curve) -> None:
    public, signature = KEYS[curve].public, KEYS[curve].sign(b"message")
    der = encode_dss_signature(*_scalars(signature))
    for form in (der, signature[:63], signature + b"\x00", signature + b"\x1b", b""):
        assert not public.verify(b"message", form)
        assert not public.verify_lenient(b"message", form)


@both_curves
@pytest.mark.parametrize("r", ["0", "1", "n", "max"])
@pytest.mark.parametrize("s", ["0", "n", "max"])
def test_scalars_outside_the_group_are_refused(curve: Curve, r: str, s: str) -> None:
    numbers = {"0": 0, "1": 1, "n": ORDERS[curve], "max": 2**256 - 1}
    signature = numbers[r].to_bytes(32, "big") + numbers[s].to_bytes(32, "big")
    assert not KEYS[curve].public.verify(b"message", signature)
    assert not KEYS[curve].public.verify_lenient(b"message", signature)


@both_curves
def test_a_public_key_reads_back_from_each_of_its_texts(curve: Curve) -> None:
    public = KEYS[curve].public
    assert PublicKey.from_did_key(public.did_key) == public
    assert PublicKey.from_verification_method("Multikey", public.multibase) == public
    assert len({public, PublicKey.from_did_key(KEYS[curve].did_key)}) == 1
    assert public.curve == KEYS[curve].curve == curve


@pytest.mark.parametrize(
    ("curve", "suite"),
    [("k256", "EcdsaSecp256k1VerificationKey2019"), ("p256", "EcdsaSecp256r1VerificationKey2019")],
)
def test_older_documents_hold_the_bare_point(curve: Curve, suite: str) -> None:
    public = KEYS[curve].public
    groups = {"k256": ec.SECP256K1(), "p256": ec.SECP256R1()}
    point = ec.EllipticCurvePublicKey.from_encoded_point(groups[curve], public.point)
    whole = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for form in (whole, public.point):
        text = libipld.encode_multibase("z", form)
        assert PublicKey.from_verification_method(suite, text) == public


def _base58(raw: bytes) -> str:
    return str(libipld.encode_multibase("z", raw))


@pytest.mark.parametrize(
    "text",
    ["", "did:key:", "did:key:z", "did:key:z0OIl", "did:web:example.com", "zQ3shokFTS3brHcDQrn",
     "did:key:" + _base58(b"\xed\x01" + bytes(32)),
     "did:key:" + _base58(b"\xe7\x01\x02" + b"\xff" * 32),
     "did:key:" + _base58(b"\x80\x24\x02" + b"\xff" * 32),
     "did:key:" + _base58(b"\xe7\x01\x06" + KEYS["k256"].public.point[1:]),
     "did:key:" + _base58(b"\x80\x24\x00" + KEYS["p256"].public.point[1:]),
     "did:key:" + _base58(b"\xe7\x01\x04" + bytes(64)),
     "did:key:u" + KEYS["k256"].did_key[9:], "did:key:zé"],
)  # fmt: skip
def test_texts_that_are_no_key_are_refused(text: str) -> None:
    with pytest.raises(InvalidKey):
        PublicKey.from_did_key(text)


def test_unknown_verification_suites_are_refused() -> None:
    with pytest.raises(InvalidKey, match="Ed25519"):
        PublicKey.from_verification_method("Ed25519VerificationKey2020", KEYS["k256"].did_key[8:])


@both_curves
def test_secrets_outside_the_group_are_refused(curve: Curve) -> None:
    for secret in (bytes(32), b"\xff" * 32, ORDERS[curve].to_bytes(32, "big"), b"short", b""):
        with pytest.raises(InvalidKey):
            SigningKey.load(curve, secret)


def test_an_unknown_curve_is_refused() -> None:
    with pytest.raises(InvalidKey, match="ed25519"):
        SigningKey.load("ed25519", b"\x01" * 32)  # type: ignore[arg-type]


@both_curves
def test_a_stored_secret_gives_the_same_key(curve: Curve) -> None:
    made = SigningKey.generate(curve)
    assert len(made.secret) == keys.SECRET_BYTES
    assert SigningKey.load(curve, made.secret).did_key == made.did_key


@both_curves
def test_a_key_never_shows_its_secret(curve: Curve) -> None:
    key = KEYS[curve]
    for shown in (repr(key), str(key), f"{[key]}"):
        assert key.secret.hex() not in shown
        assert repr(key.secret) not in shown
        assert key.did_key in shown
