"""Service tokens: each claim wrong in turn, keys that changed, tokens of other trades."""

import base64
import time

import orjson
import pytest

from accounts.identity.keys import signing_keys
from accounts.service_auth import tokens
from accounts.service_auth.tokens import (
    SERVICE_METHODS,
    BadJwtAudience,
    BadJwtIss,
    BadJwtLexiconMethod,
    BadJwtSignature,
    BadJwtType,
    BadServiceToken,
    JwtExpired,
    mint,
    verify,
)
from protocol.did.did_document import DidDocument
from protocol.keys import ORDERS, SigningKey

AUD = "did:web:pds.example"
LXM = "com.atproto.server.createAccount"
DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
KEY = SigningKey.generate("k256")


def document(did=DID, **did_keys):
    methods = [
        {"id": f"{did}#{name}", "type": "Multikey", "publicKeyMultibase": key[8:]}
        for name, key in (did_keys or {"atproto": KEY.did_key}).items()
    ]
    return DidDocument({"id": did, "verificationMethod": methods})


class Documents:
    """What a DID says: first as remembered, then as asked anew."""

    def __init__(self, remembered=None, published=None):
        self._remembered = remembered or document()
        self._published = published or self._remembered
        self.asked = []

    def __call__(self, did, *, fresh=False):
        self.asked.append(fresh)
        return self._published if fresh else self._remembered


def claims(**changes):
    now = int(time.time())
    return {"iss": DID, "aud": AUD, "lxm": LXM, "exp": now + 60, "iat": now, "jti": "1"} | changes


def segment(value):
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=")


def token(payload=None, key=KEY, **header):
    head = {"typ": "JWT", "alg": key.public.jwt_algorithm} | header
    signed = segment(head) + b"." + segment(payload or claims())
    return (signed + b"." + base64.urlsafe_b64encode(key.sign(signed)).rstrip(b"=")).decode()


def read(jwt, documents=None, **how):
    audiences = {AUD, f"{AUD}#atproto_pds"}
    return verify(jwt, audiences, LXM, document_of=documents or Documents(), **how)


def test_a_good_token_tells_who_speaks():
    found = read(token())
    assert (found.did, found.aud, found.lxm, found.jti) == (DID, AUD, LXM, "1")


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_both_curves_are_read(curve):
    key = SigningKey.generate(curve)
    assert read(token(key=key), Documents(document(atproto=key.did_key))).did == DID


def test_the_service_in_the_host_may_be_the_audience():
    assert read(token(claims(aud=f"{AUD}#atproto_pds"))).aud == f"{AUD}#atproto_pds"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"exp": int(time.time()) - 1}, JwtExpired),
        ({"exp": int(time.time()) + 90_000}, BadServiceToken),
        ({"exp": 1e300}, BadServiceToken),
        ({"exp": True}, BadServiceToken),
        ({"exp": None}, BadServiceToken),
        ({"aud": "did:web:other.example"}, BadJwtAudience),
        ({"aud": f"{AUD}#other"}, BadJwtAudience),
        ({"aud": [AUD]}, BadServiceToken),
        ({"lxm": "com.atproto.repo.uploadBlob"}, BadJwtLexiconMethod),
        ({"lxm": ""}, BadJwtLexiconMethod),
        ({"lxm": 1}, BadServiceToken),
        ({"iss": "alice.test"}, BadJwtIss),
        ({"iss": f"{DID}#bsky_appview"}, BadJwtIss),
        ({"iss": f"{DID}#atproto_labeler"}, BadJwtIss),
        ({"iss": None}, BadServiceToken),
    ],
)
def test_each_claim_that_is_wrong_refuses_the_token(changes, refusal):
    with pytest.raises(BadServiceToken) as refused:
        read(token(claims(**changes)))
    assert type(refused.value) is refusal
    assert refused.value.status == 401


def test_a_token_without_a_method_says_so():
    bare = claims()
    del bare["lxm"]
    with pytest.raises(BadJwtLexiconMethod, match="missing jwt lexicon method"):
        read(token(bare))


@pytest.mark.parametrize("typ", ["at+jwt", "refresh+jwt", "dpop+jwt"])
def test_tokens_of_other_trades_are_refused(typ):
    with pytest.raises(BadJwtType):
        read(token(typ=typ))


@pytest.mark.parametrize(
    "jwt", ["", "a.b", "a.b.c.d", "!.!.!", "e30.W10.AA", "ü.ü.ü", "W10.e30.AA", "x" * 9000 + ".a.b"]
)
def test_what_is_no_jwt_is_refused(jwt):
    with pytest.raises(BadServiceToken):
        read(jwt)


def test_another_key_is_refused_after_one_fresh_look():
    documents = Documents()
    with pytest.raises(BadJwtSignature):
        read(token(key=SigningKey.generate("k256")), documents)
    assert documents.asked == [False, True]


def test_a_key_that_changed_since_the_document_was_remembered_is_found():
    documents = Documents(document(atproto=SigningKey.generate().did_key), document())
    assert read(token(), documents).did == DID


def test_a_document_without_a_key_is_an_issuer_that_cannot_sign():
    with pytest.raises(BadJwtIss):
        read(token(), Documents(document(other=KEY.did_key)))


def test_a_document_about_another_did_has_no_key_of_this_one():
    with pytest.raises(BadJwtIss):
        read(token(), Documents(document(did="did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")))


def test_the_algorithm_must_be_the_keys():
    with pytest.raises(BadJwtSignature):
        read(token(alg="ES256"))


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_no_other_algorithm_can_be_asked_for(alg):
    with pytest.raises(BadJwtSignature):
        read(token(alg=alg))


def test_a_changed_claim_breaks_the_signature():
    head, _, signature = token().split(".")
    with pytest.raises(BadJwtSignature):
        read(f"{head}.{segment(claims(jti='2')).decode()}.{signature}")


def test_high_s_of_old_clients_is_read():
    signed, _, signature = token().rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    high = ORDERS["k256"] - int.from_bytes(raw[32:], "big")
    twin = base64.urlsafe_b64encode(raw[:32] + high.to_bytes(32, "big")).rstrip(b"=").decode()
    assert read(f"{signed}.{twin}").did == DID


LABELER = SigningKey.generate("p256")


@pytest.mark.parametrize(
    "make",
    [
        lambda: token(claims(iss=f"{DID}#atproto_labeler"), LABELER),
        lambda: token(claims(), LABELER, kid=f"{DID}#atproto_label"),
        lambda: token(claims(), LABELER, kid="#atproto_label"),
    ],
)
def test_a_labeler_signs_with_its_own_key_where_services_may_speak(make):
    jwt = make()
    documents = Documents(document(atproto=KEY.did_key, atproto_label=LABELER.did_key))
    assert read(jwt, documents, methods=SERVICE_METHODS).did == DID
    with pytest.raises(BadJwtIss):
        read(jwt, documents)


def test_without_a_jti_the_token_itself_is_its_mark():
    bare = claims()
    del bare["jti"]
    jwt = token(bare)
    assert read(jwt).mark == jwt.rpartition(".")[0]


def test_our_own_tokens_verify_and_last_as_long_as_asked(alice):
    jwt = mint(alice, AUD, LXM, 30)
    mine = Documents(document(alice.did, atproto=alice.signing_did_key))
    found = read(jwt, mine)
    assert found.iss == alice.did
    assert 25 <= found.exp - time.time() <= 30


def test_our_own_signatures_are_low_s(alice):
    signed, _, signature = mint(alice, AUD, None).rpartition(".")
    key = signing_keys.signing_key(alice.signing_did_key, alice.did).public
    assert key.verify(signed.encode(), base64.urlsafe_b64decode(signature + "=="))


def test_no_two_of_our_tokens_have_the_same_jti(alice):
    mine = Documents(document(alice.did, atproto=alice.signing_did_key))
    assert read(mint(alice, AUD, LXM), mine).jti != read(mint(alice, AUD, LXM), mine).jti


def test_a_hosts_audiences_are_its_did_and_its_pds_service(ash):
    assert tokens.audiences_of(ash) == {ash.service_did, f"{ash.service_did}#atproto_pds"}
