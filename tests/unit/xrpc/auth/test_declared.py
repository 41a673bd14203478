"""Declarations of who may call, and the Authorization header's grammar."""

import uuid

import pytest
from django.test import RequestFactory

from accounts.authentication import session_tokens
from accounts.authentication.session_tokens import InvalidToken
from hosting.models import Host
from xrpc.auth.declared import BASIC, BEARER, DPOP, FULL, PRIV, STANDARD, Auth, Kind, parse_header
from xrpc.response.errors import AuthenticationRequired, AuthMissing

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
SESSION = uuid.uuid4()


def request(authorization=None):
    headers = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    return RequestFactory().get("/xrpc/x", **headers)


def bearer(host, scope=session_tokens.ACCESS_SCOPE):
    return f"Bearer {session_tokens.make_access(host, DID, scope, SESSION)}"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_without_regard_to_case(scheme):
    assert parse_header(f"{scheme} abc") == (BEARER, "abc")


@pytest.mark.parametrize(("scheme", "expected"), [("Basic", BASIC), ("DPoP", DPOP)])
def test_the_other_known_schemes_are_named(scheme, expected):
    assert parse_header(f"{scheme} abc")[0] == expected


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer a b", "a b c"])
def test_anything_but_two_words_is_malformed(header):
    with pytest.raises(InvalidToken, match="Malformed authorization header"):
        parse_header(header)


def test_an_unknown_scheme_is_an_invalid_token():
    with pytest.raises(InvalidToken):
        parse_header("Digest abc")


def test_scopes_widen_from_full_to_standard():
    assert FULL < PRIV < STANDARD


def test_a_public_method_never_looks_at_the_header():
    credentials = Auth.none().read(request("garbage of many words"), Host())
    assert credentials.caller is None


def test_a_missing_header_is_auth_missing():
    with pytest.raises(AuthMissing) as refused:
        Auth.account().read(request(), Host())
    assert (refused.value.status, refused.value.message) == (401, "Authentication Required")


def test_basic_credentials_are_no_session():
    with pytest.raises(InvalidToken):
        Auth.account().read(request("Basic YWRtaW46eA=="), Host())


def test_a_session_token_names_the_caller(ash):
    caller = Auth.account().read(request(bearer(ash)), ash).caller
    assert (caller.did, caller.scope) == (DID, session_tokens.ACCESS_SCOPE)


def test_a_scope_outside_the_declaration_is_refused(ash):
    header = bearer(ash, session_tokens.APP_PASSWORD_SCOPE)
    with pytest.raises(InvalidToken, match="Bad token scope"):
        Auth.account(FULL).read(request(header), ash)


def test_a_token_of_another_host_is_refused(ash, birch):
    with pytest.raises(InvalidToken):
        Auth.account().read(request(bearer(ash)), birch)


def test_a_refresh_declaration_hands_the_token_on_unread():
    credentials = Auth.refresh().read(request("Bearer anything"), Host())
    assert (credentials.caller, credentials.bearer) == (None, "anything")


def test_an_optional_owner_may_be_nobody():
    assert Auth.optional_owner().read(request(), Host()).caller is None


def test_an_unusable_header_is_not_taken_for_none(ash):
    with pytest.raises(AuthenticationRequired) as refused:
        Auth.optional_owner().read(request("Basic YWRtaW46eA=="), ash)
    assert refused.value.status == 401


def test_a_credential_is_not_printed():
    credentials = Auth.refresh().read(request("Bearer hush"), Host())
    assert "hush" not in repr(credentials)


def test_only_public_methods_ignore_credentials():
    assert Auth.none().kind is Kind.NONE
