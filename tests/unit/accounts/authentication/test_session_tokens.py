"""Session tokens, made and read by hand."""

import base64
import hmac
import time
import uuid
from datetime import timedelta

import orjson
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.authentication import session_tokens
from hosting.models import Host
from protocol.errors import XrpcError
from server.encryption import keyring

SECRET = b"s" * 32
DID = "did:plc:" + "a" * 24
SESSION = uuid.uuid4()
SOON = timezone.now() + timedelta(days=1)


def host(**changes) -> Host:
    fields = {"service_did": "did:web:localhost", "token_secret": keyring.wrap(SECRET)}
    return Host(**{**fields, **changes})


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header=None, secret=SECRET, **changes) -> str:
    """A token with our secret whose header or claims are not what we would write."""
    claims = {"scope": session_tokens.ACCESS_SCOPE, "aud": "did:web:localhost", "sub": DID}
    claims = {**claims, "iat": 0, "exp": int(time.time()) + 60, **changes}
    header = header or {"typ": "at+jwt", "alg": "HS256"}
    signed = segment(orjson.dumps(header)) + "." + segment(orjson.dumps(claims))
    return signed + "." + segment(hmac.digest(secret, signed.encode(), "sha256"))


def refusal(reader, jwt, at=None) -> tuple[str, int, str]:
    with pytest.raises(XrpcError) as refused:
        reader(at or host(), jwt)
    return refused.value.name, refused.value.status, refused.value.message


UNVERIFIED = ("InvalidToken", 400, "Token could not be verified")
BAD_SCOPE = ("InvalidToken", 400, "Bad token scope")
EXPIRED = ("ExpiredToken", 400, "Token has expired")


def test_an_access_token_says_who_may_do_what():
    claims = session_tokens.read_access(
        host(), session_tokens.make_access(host(), DID, session_tokens.ACCESS_SCOPE, SESSION)
    )
    assert (claims.did, claims.scope, claims.jti) == (DID, "com.atproto.access", "")
    assert claims.session == SESSION.hex


def test_an_access_token_lives_two_hours():
    claims = session_tokens.read_access(
        host(), session_tokens.make_access(host(), DID, session_tokens.ACCESS_SCOPE, SESSION)
    )
    assert abs(claims.expires_at - time.time() - 7200) < 5


def test_the_wire_form_is_the_references():
    header, payload, _ = session_tokens.make_access(
        host(), DID, session_tokens.ACCESS_SCOPE, SESSION
    ).split(".")
    assert orjson.loads(base64.urlsafe_b64decode(header + "==")) == {
        "typ": "at+jwt",
        "alg": "HS256",
    }
    assert set(orjson.loads(base64.urlsafe_b64decode(payload + "=="))) == {
        "scope", "aud", "sub", "iat", "exp", "sid",
    }  # fmt: skip


def test_a_refresh_token_names_its_session():
    claims = session_tokens.read_refresh(
        host(), session_tokens.make_refresh(host(), DID, "the-jti", SOON)
    )
    assert (claims.did, claims.jti, claims.scope) == (DID, "the-jti", "com.atproto.refresh")
    assert claims.expires_at == int(SOON.timestamp())


def test_the_forger_of_these_tests_would_be_believed():
    assert session_tokens.read_access(host(), forged()).did == DID


def test_a_refresh_token_is_no_access_token():
    jwt = session_tokens.make_refresh(host(), DID, "jti", SOON)
    assert refusal(session_tokens.read_access, jwt) == BAD_SCOPE


def test_an_access_token_is_no_refresh_token():
    jwt = session_tokens.make_access(host(), DID, session_tokens.ACCESS_SCOPE, SESSION)
    assert refusal(session_tokens.read_refresh, jwt) == BAD_SCOPE


def test_an_unknown_scope_gives_no_access():
    assert refusal(session_tokens.read_access, forged(scope="com.example.all")) == BAD_SCOPE


def test_an_expired_access_token_is_called_expired():
    assert refusal(session_tokens.read_access, forged(exp=int(time.time()))) == EXPIRED


def test_an_expired_refresh_token_still_signs_out():
    jwt = session_tokens.make_refresh(host(), DID, "jti", timezone.now() - timedelta(days=1))
    assert refusal(session_tokens.read_refresh, jwt) == EXPIRED
    assert session_tokens.read_refresh_of_any_age(host(), jwt).jti == "jti"


def test_another_hosts_secret_does_not_sign_for_us():
    other = host(token_secret=keyring.wrap(b"t" * 32))
    jwt = session_tokens.make_access(other, DID, session_tokens.ACCESS_SCOPE, SESSION)
    assert refusal(session_tokens.read_access, jwt) == UNVERIFIED


def test_another_hosts_audience_is_not_ours():
    assert refusal(session_tokens.read_access, forged(aud="did:web:birch.localhost")) == UNVERIFIED


@pytest.mark.parametrize("claim", ["lxm", "cnf"])
def test_tokens_of_other_kinds_are_refused(claim):
    assert (
        refusal(session_tokens.read_access, forged(**{claim: "com.atproto.repo.uploadBlob"}))
        == UNVERIFIED
    )


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt", "alg": "none"},
        {"typ": "at+jwt", "alg": "HS512"},
        {"typ": "JWT", "alg": "HS256"},
        {"alg": "HS256"},
        {"typ": "refresh+jwt", "alg": "HS256"},
        {"typ": "at+jwt", "alg": "HS256", "crit": ["exp"]},
    ],
)
def test_another_header_is_refused_even_with_our_signature(header):
    assert refusal(session_tokens.read_access, forged(header)) == UNVERIFIED


@pytest.mark.parametrize("claims", [{"sub": 5}, {"exp": "soon"}, {"scope": None}, {"jti": 1}])
def test_claims_of_the_wrong_type_are_refused(claims):
    assert refusal(session_tokens.read_access, forged(**claims)) == UNVERIFIED


def test_an_unsigned_token_is_refused():
    unsigned = forged().rpartition(".")[0]
    assert refusal(session_tokens.read_access, unsigned + ".") == UNVERIFIED
    assert refusal(session_tokens.read_access, unsigned) == UNVERIFIED


@given(st.integers(min_value=0), st.characters())
def test_no_character_of_a_token_can_be_changed(place, character):
    jwt = session_tokens.make_access(host(), DID, session_tokens.ACCESS_SCOPE, SESSION)
    place %= len(jwt)
    changed = jwt[:place] + character + jwt[place + 1 :]
    if changed != jwt:
        assert refusal(session_tokens.read_access, changed) == UNVERIFIED


@given(st.text())
def test_no_text_crashes_the_reader(text):
    assert refusal(session_tokens.read_access, text) == UNVERIFIED
