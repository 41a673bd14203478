"""The HTTP rules of every method: verbs, bodies, types, encodings, CORS, faults."""

import gzip

import orjson
import pytest
from django.test import Client

from xrpc import registry

DESCRIBE = "/xrpc/com.atproto.server.describeServer"
LOGIN = "/xrpc/com.atproto.server.createSession"


@pytest.fixture
def web(ash) -> Client:
    return Client(HTTP_HOST="localhost", raise_request_exception=False)


def refusal(response):
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_query_answers_to_get_alone(web, verb):
    response = web.generic(verb, DESCRIBE)
    assert refusal(response) == (400, "InvalidRequest")
    assert response.json()["message"] == f"Incorrect HTTP method ({verb}) expected GET"


def test_a_procedure_answers_to_post_alone(web):
    assert web.get(LOGIN).json()["message"] == "Incorrect HTTP method (GET) expected POST"


def test_head_is_get_without_the_body(web):
    response = web.head(DESCRIBE)
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == web.get(DESCRIBE)["Content-Length"]


def test_an_unknown_method_is_not_implemented(web):
    assert refusal(web.get("/xrpc/com.example.nothing.here")) == (501, "MethodNotImplemented")


def test_a_malformed_name_is_a_bad_request(web):
    assert refusal(web.get("/xrpc/nodots")) == (400, "InvalidRequest")


@pytest.mark.parametrize("path", ["/xrpc/", "/xrpc/a/b", "/xrpc/../../etc/passwd"])
def test_a_path_that_names_no_method_is_not_supported(web, path):
    assert refusal(web.get(path)) == (404, "XRPCNotSupported")


def test_a_subscription_wants_a_websocket(web):
    response = web.get("/xrpc/com.atproto.sync.subscribeRepos")
    assert refusal(response) == (400, "InvalidRequest")


def test_a_missing_parameter_is_named(web):
    response = web.get("/xrpc/com.atproto.repo.describeRepo")
    assert refusal(response) == (400, "InvalidRequest")
    assert "repo" in response.json()["message"]


@pytest.mark.parametrize("limit", ["0", "1001", "abc", "-1", "1.5"])
def test_a_limit_out_of_range_is_refused(web, limit):
    response = web.get("/xrpc/com.atproto.sync.listRepos", {"limit": limit})
    assert refusal(response) == (400, "InvalidRequest")


@pytest.mark.parametrize("query", ["%", "=x", "&&&", "handle=%ff%fe", "handle=%00", "handle[]=x"])
def test_a_broken_query_string_is_a_bad_request(web, query):
    response = web.get(f"/xrpc/com.atproto.identity.resolveHandle?{query}")
    assert refusal(response) == (400, "InvalidRequest")


def test_a_missing_body_is_named(web):
    response = web.generic("POST", LOGIN)
    assert response.json()["message"] == "A request body is expected but none was provided"


def test_an_empty_body_is_an_input_without_fields(web):
    nothing = {"CONTENT_LENGTH": "0", "CONTENT_TYPE": "application/json"}
    response = web.generic("POST", "/xrpc/com.atproto.server.reserveSigningKey", **nothing)
    assert response.json()["signingKey"].startswith("did:key:")
    assert refusal(web.generic("POST", LOGIN, **nothing)) == (400, "InvalidRequest")


def test_an_empty_authorization_header_says_nothing(web):
    nobody = {"HTTP_AUTHORIZATION": ""}
    assert refusal(web.get("/xrpc/com.atproto.server.getSession", **nobody)) == (401, "AuthMissing")
    unknown = web.get("/xrpc/com.atproto.sync.getHead", {"did": "did:web:nobody.test"}, **nobody)
    assert refusal(unknown) == (400, "RepoNotFound")


def test_a_body_where_none_belongs_is_refused(web):
    nsid = "/xrpc/com.atproto.server.refreshSession"
    response = web.post(nsid, b"{}", content_type="application/json", HTTP_AUTHORIZATION="Bearer x")
    assert response.json()["message"] == "A request body was provided when none was expected"


def test_a_missing_content_type_is_named(web):
    response = web.generic("POST", LOGIN, b"{}", content_type="")
    message = "Request encoding (Content-Type) required but not provided"
    assert response.json()["message"] == message


def test_a_wrong_content_type_is_named(web):
    response = web.generic("POST", LOGIN, b"{}", content_type="text/plain")
    assert response.json()["message"] == "Wrong request encoding (Content-Type): text/plain"


@pytest.mark.parametrize("text", ["[]", '"x"', "5", "null", "true", "{", "{}"])
def test_json_that_is_not_the_input_is_refused(web, text):
    response = web.post(LOGIN, text, content_type="application/json")
    assert refusal(response) == (400, "InvalidRequest")


def test_a_gzipped_body_is_read(web):
    body = gzip.compress(orjson.dumps({"identifier": "nobody.test", "password": "x"}))
    encoding = {"HTTP_CONTENT_ENCODING": "gzip"}
    response = web.post(LOGIN, body, content_type="application/json", **encoding)
    assert refusal(response) == (401, "AuthenticationRequired")


def test_a_large_body_is_refused(web):
    body = orjson.dumps({"identifier": "x" * 200_000, "password": "x"})
    response = web.post(LOGIN, body, content_type="application/json")
    assert refusal(response) == (413, "PayloadTooLarge")


def test_a_body_that_is_costly_to_read_is_refused(web):
    body = b'{"identifier":[' + b",".join([b"{}"] * 40_000) + b"]}"
    for encoding, sent in (("identity", body), ("gzip", gzip.compress(body))):
        coded = {"HTTP_CONTENT_ENCODING": encoding}
        response = web.post(LOGIN, sent, content_type="application/json", **coded)
        assert refusal(response) == (400, "InvalidRequest")
        said = response.json()["message"]
        assert said == "The request body holds more than 20000 objects and lists"


def test_every_answer_may_be_read_by_any_origin(web):
    session = "/xrpc/com.atproto.server.getSession"
    for path in (DESCRIBE, "/xrpc/nodots", session, "/xrpc/", "/.well-known/did.json"):
        assert web.get(path)["Access-Control-Allow-Origin"] == "*"


def test_browsers_may_see_the_headers_of_the_protocol(web):
    assert "RateLimit-Reset" in web.get(DESCRIBE)["Access-Control-Expose-Headers"]


def test_a_preflight_allows_what_was_asked(web):
    asked = "authorization,content-type,dpop,atproto-proxy"
    response = web.options(LOGIN, HTTP_ACCESS_CONTROL_REQUEST_HEADERS=asked)
    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Headers"] == asked
    assert "POST" in response["Access-Control-Allow-Methods"]
    assert "Content-Type" not in response


def test_a_public_answer_is_not_marked_private(web):
    assert "Cache-Control" not in web.get(DESCRIBE)


def test_an_unexpected_fault_shows_nothing(web, monkeypatch, caplog):
    def broken(_call):
        raise KeyError("inside")

    method = registry.find("com.atproto.server.describeServer")
    monkeypatch.setattr(type(method), "run", property(lambda _self: broken))
    response = web.get(DESCRIBE)
    assert refusal(response) == (500, "InternalServerError")
    assert "inside" not in response.content.decode()
    assert response["X-Request-Id"] in caplog.text


def test_health_touches_the_database_and_names_the_version(web):
    response = web.get("/xrpc/_health")
    assert (response.status_code, list(response.json())) == (200, ["version"])


def test_the_host_serves_its_own_did_document(web, ash):
    document = web.get("/.well-known/did.json").json()
    assert document["id"] == ash.service_did
    assert document["service"][0]["serviceEndpoint"] == ash.origin
