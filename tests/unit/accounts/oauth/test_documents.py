"""What a client says of itself is held against the rules."""

import pytest

from accounts.oauth.clients import client_ids, documents, redirect_uris
from accounts.oauth.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidRequest
from tests.oauth_app import Key

CLIENT_ID = "https://app.example.com/client.json"
JWK = {**Key().jwk, "kid": "k1"}
DOCUMENT = {
    "client_id": CLIENT_ID,
    "redirect_uris": ["https://app.example.com/callback"],
    "scope": "atproto transition:generic",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "dpop_bound_access_tokens": True,
}
SECRET = {
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
}


def read(**changes) -> documents.Client:
    document = {**DOCUMENT, **changes}
    return documents.read(CLIENT_ID, {k: v for k, v in document.items() if v is not None})


def test_a_document_that_keeps_the_rules_is_a_client():
    client = read(client_name="App", client_uri="https://app.example.com/")
    assert client.is_public
    assert client.scopes == {"atproto", "transition:generic"}
    assert (client.profile.name, client.profile.host_name) == ("App", "app.example.com")


@pytest.mark.parametrize("keys", [{"jwks": {"keys": [JWK]}}, {"jwks_uri": "https://a.example/k"}])
def test_a_confidential_client_has_its_keys_in_one_place(keys):
    assert not read(**SECRET, **keys).is_public


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "https://app.example.com/other.json"},
        {"dpop_bound_access_tokens": None},
        {"dpop_bound_access_tokens": "true"},
        {"response_types": ["token"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["authorization_code", "authorization_code"]},
        {"grant_types": ["authorization_code", "implicit"]},
        {"scope": "atproto  transition:generic"},
        {"client_name": ["App"]},
        {"subject_type": "pairwise"},
        {"tls_client_certificate_bound_access_tokens": True},
        {"id_token_signed_response_alg": "RS256"},
        {"authorization_details_types": ["payment"]},
        {"scope": None},
        {"scope": "transition:generic"},
        {"scope": "atproto atproto"},
        {"redirect_uris": []},
        {"redirect_uris": "https://app.example.com/callback"},
        {"redirect_uris": ["http://app.example.com/callback"]},
        {"redirect_uris": ["https://localhost/callback"]},
        {"redirect_uris": ["https://10.1/callback"]},
        {"redirect_uris": ["http://127.0.0.1/callback"]},
        {"redirect_uris": ["https://app.example.com/callback#x"]},
        {"redirect_uris": ["com.example.app:/callback"]},
        {"token_endpoint_auth_method": None},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_signing_alg": "ES256"},
        {"application_type": "service"},
        {"client_uri": "https://elsewhere.example.com/"},
        {"logo_uri": "javascript:alert(1)"},
        {**SECRET},
        {**SECRET, "jwks": {"keys": [JWK]}, "jwks_uri": "https://a.example/k"},
        {**SECRET, "jwks": {"keys": []}},
        {**SECRET, "jwks": {"keys": [{**JWK, "d": "secret"}]}},
        {**SECRET, "jwks_uri": "http://a.example/k"},
        {**SECRET, "jwks": {"keys": [JWK]}, "token_endpoint_auth_signing_alg": "none"},
        {**SECRET, "jwks": {"keys": [JWK]}, "application_type": "native"},
    ],
)
def test_a_document_that_breaks_a_rule_is_refused(changes):
    with pytest.raises(InvalidClientMetadata):
        read(**changes)


def test_members_without_effect_do_no_harm():
    twice = ["https://app.example.com/callback"] * 2
    read(subject_type="public", tls_client_certificate_bound_access_tokens=False)
    assert read(response_types=["code", "code"], redirect_uris=twice).redirect_uris == (twice[0],)


@pytest.mark.parametrize("uri", ["http://127.0.0.1/cb", "http://[::1]/cb"])
def test_an_app_on_a_desk_may_come_back_to_any_port_of_its_machine(uri):
    client = read(application_type="native", redirect_uris=[uri])
    asked = uri.replace("/cb", ":4567/cb")
    assert redirect_uris.chosen(client.redirect_uris, asked) == asked


@pytest.mark.parametrize("kind", ["web", "native"])
def test_a_redirect_uri_that_a_client_may_not_have_is_named_so(kind):
    with pytest.raises(InvalidRedirectUri):
        read(application_type=kind, redirect_uris=["http://localhost/cb"])


@pytest.mark.parametrize(
    "uri", ["https://app.example.com/cb", "com.example.app:/cb", "com.example.app:/"]
)
def test_an_app_on_a_phone_may_come_back_by_its_own_scheme(uri):
    assert read(application_type="native", redirect_uris=[uri]).redirect_uris == (uri,)


@pytest.mark.parametrize(
    "uri",
    ["https://other.example.com/cb", "com.example.app://cb", "com.evil.app:/cb", "javascript:/x"],
)
def test_an_app_on_a_phone_has_no_others_scheme_or_origin(uri):
    with pytest.raises(InvalidClientMetadata):
        read(application_type="native", redirect_uris=[uri])


@pytest.mark.parametrize(
    "client_id",
    [
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/a/",
        "https://app.example.com:443/a",
        "https://user@app.example.com/a",
        "https://app.example.com/a/../b",
        "https://app.example.com/a/%2e%2E/b",
        "https://app.example.com/a\\b",
        "https://app.example.com/a#b",
        "https://APP.example.com/a",
        "https://127.0.0.1/a",
        "https://127.1/a",
        "https://0x7f.0.0.0x1/a",
        "https://[::1]/a",
        "https://localhost/a",
        "https://app.localhost/a",
        "ftp://app.example.com/a",
        "http://app.example.com/a",
        "http://127.0.0.1/",
        "http://localhost:80",
        "http://localhost/path",
        "http://localhost?unknown=1",
        "http://localhost?scope=atproto&scope=atproto",
        "http://localhost#x",
        "not a url",
        "https://app.example.com/\t",
        "https://app.example.com/" + "a" * 2048,
    ],
)
def test_other_urls_are_no_client_identifiers(client_id):
    with pytest.raises(InvalidClientMetadata):
        client_ids.check(client_id)


@pytest.mark.parametrize("client_id", ["http://localhost", "http://localhost?"])
def test_a_development_client_needs_no_document(client_id):
    client_ids.check(client_id)
    client = documents.of_loopback(client_id)
    assert client.redirect_uris == ("http://127.0.0.1/", "http://[::1]/")
    assert client.scopes == {"atproto"}
    assert client.profile.is_loopback


@pytest.mark.parametrize("uri", ["http://localhost/cb", "https://app.example.com/cb"])
def test_a_development_client_comes_back_to_a_loopback_address_alone(uri):
    with pytest.raises(InvalidClientMetadata):
        documents.of_loopback(f"http://localhost?redirect_uri={uri}")


def test_a_loopback_address_without_a_port_stands_for_any():
    declared = ("http://127.0.0.1/cb", "http://[::1]:99/cb")
    assert redirect_uris.chosen(declared, "http://127.0.0.1:7/cb") == "http://127.0.0.1:7/cb"
    for other in ("http://127.0.0.1:7/x", "http://[::1]:7/cb", "http://127.0.0.1:7/cb?x=1"):
        with pytest.raises(InvalidRequest):
            redirect_uris.chosen(declared, other)
