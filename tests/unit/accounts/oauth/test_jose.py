"""Public keys that strangers bring along: of few kinds and sizes, and never private ones."""

import pytest
from joserfc.jwk import OctKey, RSAKey

from accounts.oauth import jose
from accounts.oauth.jose import BadJose
from tests.oauth_app import Key

EC = Key().jwk
RSA = RSAKey.generate_key(2048).as_dict(private=False)


@pytest.mark.parametrize("jwk", [EC, RSA, {**EC, "kid": "x", "use": "sig"}])
def test_usual_keys_are_read(jwk):
    assert len(jose.public_key(jwk).thumbprint) == 43


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "key",
        {},
        {"kty": "EC"},
        {**EC, "x": 1},
        {**EC, "x": "A" * 43},  # off the curve
        {**EC, "crv": "P-257"},
        {**EC, "d": "A" * 43},
        {**EC, "kty": ["EC"]},
        {"kty": "oct", "k": OctKey.generate_key(256).as_dict()["k"]},
        {**RSA, "n": RSA["n"][:171]},  # 1024 bits
        {**RSA, "n": "A" * 2000},
        {**RSA, "e": RSA["n"]},
    ],
)
def test_other_keys_are_refused(jwk):
    with pytest.raises(BadJose):
        jose.public_key(jwk)


def test_a_key_serves_its_own_algorithm_alone():
    key = Key()
    token = jose.parse(key.proof("GET", "http://localhost/"))
    jose.verify(token, jose.public_key(key.jwk))
    for other in (RSA, Key("ES384", "P-384").jwk, Key().jwk):
        with pytest.raises(BadJose):
            jose.verify(token, jose.public_key(other))
