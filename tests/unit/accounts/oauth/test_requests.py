"""What the endpoints refuse, by the names and statuses that clients know."""

import gzip
from datetime import timedelta

import orjson
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OAuthRequest
from accounts.oauth.requests import pushed_requests
from tests.oauth_app import App, Key

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def app(ash) -> App:
    return App(ash)


def error_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "bogus"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example.com/cb"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:1234/other"}, "invalid_request"),
        ({"scope": "transition:generic"}, "invalid_scope"),
        ({"scope": "atproto openid"}, "invalid_scope"),
        ({"scope": "atproto transition:email"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "atproto  transition:generic"}, "invalid_scope"),
        ({"scope": "atproto\ttransition:generic"}, "invalid_scope"),
        ({"client_id": "not a url"}, "invalid_client_metadata"),
        ({"client_id": None}, "invalid_client"),
        ({"prompt": "none"}, "invalid_request"),
        ({"prompt": "sometimes"}, "invalid_request"),
        ({"login_hint": "not a handle"}, "invalid_request"),
        ({"claims": "{}"}, "invalid_request"),
        ({"nonce": "n"}, "invalid_request"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"dpop_jkt": "another"}, "invalid_request"),
        ({"state": "s" * 9000}, "invalid_request"),
        ({"state": "\0"}, "invalid_request"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(app, over, error):
    assert error_of(app.par(**over)) == (400, error)
    assert not OAuthRequest.objects.exists()


def test_a_request_without_a_proof_may_name_its_key(app):
    assert app.par(proof="", dpop_jkt=Key().jkt).status_code == 201
    assert app.par(proof="").status_code == 201


@pytest.mark.parametrize(
    ("locales", "language"), [("tlh de-AT en", "de"), ("tlh", None), ("\u00e9 " * 5000, None)]
)
def test_the_first_language_that_we_speak_is_kept(app, locales, language):
    assert app.par(ui_locales=locales).status_code == 201
    assert OAuthRequest.objects.get().parameters.get("language") == language


def test_unknown_scopes_that_were_declared_are_dropped(ash):
    app = App(ash, scope="atproto com.example.unknown transition:generic")
    assert app.par().status_code == 201
    assert OAuthRequest.objects.get().parameters["scope"] == "atproto transition:generic"


def test_a_permission_set_that_nobody_knows_is_refused(ash):
    app = App(ash, scope="atproto include:com.example.authFull")
    assert error_of(app.par()) == (400, "invalid_scope")


def test_a_proof_lacks_the_nonce_at_first(app):
    first = app.post_form("/oauth/par", {"client_id": app.client_id}, app.key, {})
    assert error_of(first) == (400, "use_dpop_nonce")
    assert first["DPoP-Nonce"]
    assert "WWW-Authenticate" not in first  # which belongs to a 401
    assert "DPoP-Nonce" in first["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("header", ["", "junk", "a.b.c"])
def test_a_token_is_given_for_a_proof_alone(app, header):
    refused = app.token(grant_type="authorization_code", code="x", proof=header)
    assert error_of(refused) == (401, "invalid_dpop_proof")
    assert "DPoP" in refused["WWW-Authenticate"]


def test_an_ath_has_no_place_at_the_token_endpoint(app):
    app.par()
    proof = app.key.proof("POST", f"{app.host.origin}/oauth/token", app.nonce, "token")
    refused = app.token(grant_type="authorization_code", code="x", proof=proof)
    assert error_of(refused) == (401, "invalid_dpop_proof")


@pytest.mark.parametrize("typ", ["DPoP+JWT", "application/dpop+jwt"])
def test_the_type_of_a_proof_may_be_spelled_in_full(app, typ):
    app.par()
    url = f"{app.host.origin}/oauth/x/../par"
    proof = app.key.proof("POST", url, app.nonce, header={"typ": typ})
    assert app.par(proof=f"{proof} ").status_code == 201


@pytest.mark.parametrize("over", [{"ath": None}, {"nbf": 9e9}, {"nbf": "now"}, {"nonce": 5}])
def test_a_proof_with_claims_that_do_not_hold_is_none(app, over):
    app.par()
    claims = {"nonce": app.nonce, **over}
    proof = app.key.proof("POST", f"{app.host.origin}/oauth/par", **claims)
    assert error_of(app.par(proof=proof)) == (401, "invalid_dpop_proof")


def test_two_proofs_are_none(app):
    app.par()
    one, two = (app.key.proof("POST", f"{app.host.origin}/oauth/par", app.nonce) for _ in "ab")
    assert error_of(app.par(proof=f"{one}, {two}")) == (401, "invalid_dpop_proof")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": ""}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "cod-unknown"}, "invalid_grant"),
    ],
)
def test_a_grant_that_is_none_is_refused(app, given, error):
    assert error_of(app.token(**given)) == (400, error)


def test_other_algorithms_and_private_keys_are_no_proof(app):
    app.par()
    url = f"{app.host.origin}/oauth/par"
    private = {"jwk": app.key.key.as_dict(private=True)}
    for header in (private, {"jwk": None}, {"alg": "ES384"}, {"crit": ["x"]}):
        with_it = app.key
        try:
            proof = with_it.proof("POST", url, app.nonce, header=header)
        except Exception:  # noqa: BLE001 - joserfc does not make it: neither will anybody's library
            continue
        assert error_of(app.par(proof=proof)) == (401, "invalid_dpop_proof")


@pytest.mark.parametrize(("alg", "curve"), [("ES256K", "secp256k1"), ("ES384", "P-384")])
def test_other_curves_will_do(ash, alg, curve):
    assert App(ash, key=Key(alg, curve)).par().status_code == 201


# --- bodies
def post(app: App, body: bytes, content_type: str = FORM, path: str = "/oauth/par", **meta):
    client = Client(raise_request_exception=False)
    return client.post(path, body, content_type=content_type, HTTP_HOST=app.host.hostname, **meta)


def test_json_will_do(app):
    body = orjson.dumps({"client_id": "http://localhost", "response_type": "code"})
    answer = post(app, body, "application/json")
    assert answer.json()["error_description"] == "redirect_uri is required"


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_of_more_than_100_kib_is_refused(app, packed):
    body = b"x=" + b"a" * 110_000
    meta = {"HTTP_CONTENT_ENCODING": "gzip"} if packed else {}
    assert post(app, gzip.compress(body) if packed else body, **meta).status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"client_id=a&client_id=b", FORM),
        (b"client_id=%ff", FORM),
        (b"&".join(b"a%d=1" % number for number in range(100)), FORM),
        (b"[1]", "application/json"),
        (b'{"client_id": 1}', "application/json"),
        (b"{", "application/json"),
    ],
)
def test_what_is_no_form_is_refused(app, body, content_type):
    assert error_of(post(app, body, content_type)) == (400, "invalid_request")


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x"])
def test_bodies_of_other_types_are_refused(app, content_type):
    assert error_of(post(app, b"client_id=x", content_type)) == (415, "invalid_request")


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/token", "/oauth/revoke"])
def test_the_endpoints_answer_post_alone_and_are_never_stored(app, path):
    got = Client().get(path, HTTP_HOST=app.host.hostname)
    assert (got.status_code, got["Allow"], got["Cache-Control"]) == (405, "POST", "no-store")


def test_any_websites_script_may_ask(app):
    asked = Client().options(
        "/oauth/par", HTTP_HOST=app.host.hostname, HTTP_ACCESS_CONTROL_REQUEST_HEADERS="dpop"
    )
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "*")
    assert asked["Access-Control-Allow-Headers"] == "dpop"


def test_the_documents_name_the_host_that_was_asked(app, birch):
    for host in (app.host, birch):
        got = Client().get("/.well-known/oauth-authorization-server", HTTP_HOST=host.hostname)
        assert got.json()["issuer"] == host.origin
        assert got["Access-Control-Allow-Origin"] == "*"
        resource = Client().get("/.well-known/oauth-protected-resource", HTTP_HOST=host.hostname)
        assert resource.json()["authorization_servers"] == [host.origin]


def test_requests_that_nobody_answered_are_forgotten(app):
    app.par()
    pushed_requests.forget_expired()
    assert OAuthRequest.objects.count() == 1
    OAuthRequest.objects.update(expires_at="2026-01-01T00:00:00Z")
    pushed_requests.forget_expired()
    assert not OAuthRequest.objects.exists()


def test_requests_that_a_browser_opened_lead_back_to_the_app_for_some_hours(app, ash):
    app.opened()
    OAuthRequest.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    pushed_requests.forget_expired()
    assert OAuthRequest.objects.count() == 1
    OAuthRequest.objects.update(expires_at=timezone.now() - pushed_requests.TOLD_FOR)
    pushed_requests.forget_expired()
    assert not OAuthRequest.objects.exists()
