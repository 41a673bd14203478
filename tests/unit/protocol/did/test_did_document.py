"""DID documents: what the directory serves, and reading anybody's."""

import pytest

from protocol.did import plc
from protocol.did.did_document import DidDocument, InvalidDidDocument, render
from protocol.keys import SigningKey

DID = "did:plc:7iza6de2dwap2sbkpav7c6c6"
P256 = "zDnaeh9v2RmcMo13Du2d6pjUf5bZwtauYxj3n9dYjw4EZUAR7"
K256 = "zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc"
PDS = {
    "id": "#atproto_pds",
    "type": "AtprotoPersonalDataServer",
    "serviceEndpoint": "https://example.test",
}
METHOD = {
    "id": f"{DID}#atproto",
    "type": "Multikey",
    "controller": DID,
    "publicKeyMultibase": K256,
}


def data(**methods):
    service = plc.Service("AtprotoPersonalDataServer", "https://example.test")
    keys = {name: f"did:key:{key}" for name, key in methods.items()}
    return plc.PlcData((), keys, ("at://alice.test",), {"atproto_pds": service})


def read(**fields):
    return DidDocument({"id": DID, **fields})


# --- rendering


def test_the_specifications_example_renders_as_the_directory_gives_it():
    assert render(DID, data(atproto=P256)) == {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
            "https://w3id.org/security/suites/ecdsa-2019/v1",
        ],
        "id": DID,
        "alsoKnownAs": ["at://alice.test"],
        "verificationMethod": [{**METHOD, "publicKeyMultibase": P256}],
        "service": [PDS],
    }


def test_each_curve_adds_its_context_once():
    contexts = render(DID, data(a=K256, b=P256, c=K256))["@context"]
    assert contexts[2:] == [
        "https://w3id.org/security/suites/secp256k1-2019/v1",
        "https://w3id.org/security/suites/ecdsa-2019/v1",
    ]


def test_a_key_of_an_unknown_curve_renders_without_a_context():
    rendered = render(DID, data(a="z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"))
    assert len(rendered["@context"]) == 2
    assert rendered["verificationMethod"][0]["type"] == "Multikey"


def test_what_we_render_we_read():
    document = DidDocument(render(DID, data(atproto=K256)))
    assert document.did == DID
    assert document.handle == "alice.test"
    assert document.pds == "https://example.test"
    assert document.signing_key == f"did:key:{K256}"


# --- reading


@pytest.mark.parametrize("doc", [None, [], "x", {}, {"id": 7}, {"id": "example.test"}])
def test_a_document_is_an_object_about_a_did(doc):
    with pytest.raises(InvalidDidDocument):
        DidDocument(doc)


def test_an_empty_document_has_nothing_to_tell():
    document = read()
    assert (document.handle, document.pds, document.signing_key) == (None, None, None)
    assert document.service("atproto_labeler") is None


@pytest.mark.parametrize("junk", [None, "x", 7, {}, [None, 7, "x", {}, []]])
def test_sections_of_the_wrong_kind_read_as_absent(junk):
    document = read(alsoKnownAs=junk, service=junk, verificationMethod=junk)
    assert (document.handle, document.pds, document.signing_key) == (None, None, None)


def test_the_first_at_name_is_the_handle():
    names = ["https://alice.test", "at://Alice.test", "at://bob.test"]
    assert read(alsoKnownAs=names).handle == "alice.test"


@pytest.mark.parametrize("name", ["at://", "at://no_handle", "at://alice.test/path"])
def test_a_first_at_name_that_is_no_handle_hides_the_next(name):
    assert read(alsoKnownAs=[name, "at://bob.test"]).handle is None


@pytest.mark.parametrize("entry_id", ["#atproto_pds", f"{DID}#atproto_pds"])
def test_ids_may_be_relative_or_absolute(entry_id):
    assert read(service=[{**PDS, "id": entry_id}]).pds == "https://example.test"


def test_an_absolute_id_of_another_did_does_not_count():
    entry = {**PDS, "id": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa#atproto_pds"}
    assert read(service=[entry]).pds is None


def test_the_first_matching_service_wins_even_when_it_is_unusable():
    broken = {**PDS, "type": "SomethingElse"}
    assert read(service=[broken, PDS]).pds is None
    assert read(service=[PDS, broken]).pds == "https://example.test"


@pytest.mark.parametrize("endpoint", ["https://example.test/", "https://example.test//"])
def test_trailing_slashes_are_dropped(endpoint):
    assert read(service=[{**PDS, "serviceEndpoint": endpoint}]).pds == "https://example.test"


@pytest.mark.parametrize(
    "endpoint",
    [
        "ftp://example.test",
        "example.test",
        "https://",
        "https://example.test:port",
        "https://example.test:0",
        "https://example.test:65536",
        "https://[::1",
        "https://user@example.test",
        "https://user:word@example.test",
        "https://example.test\\@other.test",
        "https://example.test/path",
        "https://example.test/path?",
        "https://example.test/internal/secret?ignored=",
        "https://example.test?query",
        "https://example.test?",
        "https://example.test#fragment",
        "https://example.test#",
        "https://example.test;parameter",
        "https://example%2Etest",
        "https://example.test/%2e",
        "https://example.\ntest",
        "https://example.test\n",
        " https://example.test",
        "https://example.test /",
        "https://ex\N{CYRILLIC SMALL LETTER A}mple.test",
        {"uri": "https://example.test"},
        ["https://example.test"],
        None,
    ],
)
def test_a_service_is_an_http_origin_and_nothing_more(endpoint):
    entry = {**PDS, "serviceEndpoint": endpoint}
    assert read(service=[entry]).pds is None
    assert read(service=[entry]).service("atproto_pds") is None


@pytest.mark.parametrize("origin", ["https://[2606:4700::1]:8443", "http://a_b.example-1.test"])
def test_a_service_may_be_at_an_address_or_an_odd_name(origin):
    assert read(service=[{**PDS, "serviceEndpoint": origin}]).service("atproto_pds") == origin


def test_a_pds_may_have_a_port():
    entry = {**PDS, "serviceEndpoint": "http://localhost:2583"}
    assert read(service=[entry]).pds == "http://localhost:2583"


@pytest.mark.parametrize("name", ["labeler", "#labeler"])
def test_a_service_is_found_by_its_id_with_or_without_the_hash(name):
    entry = {"id": "#labeler", "type": "Any", "serviceEndpoint": "https://mod.test/"}
    assert read(service=[entry]).service(name) == "https://mod.test"


# --- signing keys


def test_the_first_signing_key_wins():
    second = {**METHOD, "publicKeyMultibase": P256}
    assert read(verificationMethod=[METHOD, second]).signing_key == f"did:key:{K256}"


@pytest.mark.parametrize(
    ("kind", "multibase", "multikey"),
    [
        (
            "EcdsaSecp256r1VerificationKey2019",
            "zxdM8dSstjrpZaRUwBmDvjGXweKuEMVN95A9oJBFjkWMh",
            "zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo",
        ),
        (
            "EcdsaSecp256k1VerificationKey2019",
            "z25z9DTpsiYYJKGsWmSPJK2NFN8PcJtZig12K59UgW7q5t",
            K256,
        ),
    ],
)
def test_legacy_key_types_hold_a_bare_point(kind, multibase, multikey):
    entry = {**METHOD, "type": kind, "publicKeyMultibase": multibase}
    assert read(verificationMethod=[entry]).signing_key == f"did:key:{multikey}"


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_legacy_points_may_be_uncompressed(curve):
    key = SigningKey.generate(curve)
    kind = {"k256": "EcdsaSecp256k1", "p256": "EcdsaSecp256r1"}[curve] + "VerificationKey2019"
    entry = {**METHOD, "type": kind, "publicKeyMultibase": uncompressed(key)}
    assert read(verificationMethod=[entry]).signing_key == key.did_key


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Ed25519VerificationKey2020"},
        {"type": None},
        {"publicKeyMultibase": "nonsense"},
        {"publicKeyMultibase": "?"},
        {"publicKeyMultibase": ""},
        {"publicKeyMultibase": None},
        {"publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"},
        {"type": "EcdsaSecp256k1VerificationKey2019"},
    ],
)
def test_a_key_that_we_cannot_verify_with_reads_as_absent(change):
    assert read(verificationMethod=[{**METHOD, **change}]).signing_key is None


def uncompressed(key):
    """The key's point as `04`, x, y in base58, the way documents before Multikey had it."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from multiformats import multibase

    curve = {"k256": ec.SECP256K1(), "p256": ec.SECP256R1()}[key.curve]
    public = ec.derive_private_key(int.from_bytes(key.secret, "big"), curve).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return multibase.encode(point, "base58btc")
