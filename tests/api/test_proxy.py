"""Methods that this host does not answer: to whom they go, as whom, and which never go."""

import pytest

from accounts import status
from accounts.authentication import session_tokens
from accounts.identity.published_dids import document_of
from accounts.lifecycle import activation
from accounts.models import Account
from accounts.service_auth import tokens as service_tokens
from protocol.did.did_document import DidDocument
from tests.api.clients import Person
from tests.api.relayed import carried, claims, get, labeler, post, view
from tests.session_tokens import access_token
from tests.upstreams import answering, raw

__all__ = ["labeler", "view"]

THING = "com.example.grove.thing"
CHAT = "chat.bsky.convo.getLog"


def to(service, name: str = "atproto_labeler") -> dict[str, str]:
    return {"HTTP_ATPROTO_PROXY": f"{service.did}#{name}"}


def app_password(person: Person, scope: str = session_tokens.APP_PASSWORD_SCOPE) -> Person:
    return Person(person.host, access_token(person.host, person.did, scope), did=person.did)


def test_an_unknown_method_goes_to_the_app_view(alice, view):
    view.answers(THING, answering({"hello": "from the view"}))
    answer = get(alice, THING, {"a": "1"})
    assert (answer.status, answer.json()) == (200, {"hello": "from the view"})
    assert view.last().target == f"/xrpc/{THING}?a=1"


def test_what_a_query_may_not_hold_raw_is_escaped(alice, view):
    carried(alice.get(f"/xrpc/{THING}", QUERY_STRING="a=b%20c&d=\xe4&e=[/?:@]"))
    assert view.last().target == f"/xrpc/{THING}?a=b%20c&d=%E4&e=[/?:@]"


def test_the_service_learns_who_asks_by_a_token_for_it_alone(alice, view):
    get(alice, THING)
    token = view.last().headers["authorization"].removeprefix("Bearer ")
    document = DidDocument(document_of(Account.objects.get(did=alice.did)))
    said = service_tokens.verify(token, {view.did}, THING, document_of=lambda *_a, **_k: document)
    assert (said.iss, said.aud, said.lxm) == (alice.did, view.did, THING)


def test_headers_pass_by_name_and_nothing_else_does(alice, view):
    passing = {"HTTP_ACCEPT_LANGUAGE": "de-CH", "HTTP_X_BSKY_TOPICS": "x,y"}
    labelers = {"HTTP_ATPROTO_ACCEPT_LABELERS": "did:web:l;redact"}
    get(alice, THING, **passing, **labelers, HTTP_COOKIE="secret=1", HTTP_X_FORWARDED_HOST="evil")
    seen = view.last().headers
    assert (seen["accept-language"], seen["x-bsky-topics"]) == ("de-CH", "x,y")
    assert seen["atproto-accept-labelers"] == "did:web:l;redact"
    assert not {"cookie", "x-forwarded-host", "atproto-proxy"} & seen.keys()
    assert alice.token not in seen["authorization"]


def test_a_body_passes_with_its_type(alice, view):
    post(alice, THING, {"n": 1})
    seen = view.last()
    assert (seen.method, seen.body, seen.headers["content-type"]) == (
        "POST",
        b'{"n":1}',
        "application/json",
    )


def test_no_coding_is_asked_for_that_the_client_does_not_take(alice, view):
    get(alice, THING)
    assert view.last().headers["accept-encoding"] == "identity"
    get(alice, THING, HTTP_ACCEPT_ENCODING="br")
    assert view.last().headers["accept-encoding"] == "br"


def test_the_caller_may_name_another_service(alice, view, labeler):
    labeler.answers(THING, answering({"from": "the labeler"}))
    assert get(alice, THING, **to(labeler)).json() == {"from": "the labeler"}
    assert claims(labeler.last().headers["authorization"])["aud"] == labeler.did


@pytest.mark.parametrize(
    ("name", "message"),
    [("nobody", "could not resolve proxy did service url"),
     ("ftp", "could not resolve proxy did service url"),
     ("", "no service id specified in proxy header")],
)  # fmt: skip
def test_a_service_that_is_not_there_is_refused(alice, labeler, name, message):
    answer = get(alice, THING, **to(labeler, name))
    assert (answer.refusal, answer.json()["message"]) == ((400, "InvalidRequest"), message)


@pytest.mark.parametrize("document", [answering({}, "404 No"), answering(b"junk"), raw(b"")])
def test_a_did_without_a_document_is_refused(alice, labeler, document):
    labeler.behaviours["/.well-known/did.json"] = document
    answer = get(alice, THING, **to(labeler))
    assert (answer.status, answer.json()["message"]) == (400, "could not resolve proxy did")


def test_a_document_is_asked_for_once(alice, labeler):
    for _ in range(3):
        get(alice, THING, **to(labeler))
    assert [one.target for one in labeler.seen].count("/.well-known/did.json") == 1


def test_without_an_app_view_nobody_has_the_method(alice):
    answer = get(alice, THING)
    assert answer.refusal == (501, "MethodNotImplemented")
    assert "no app view is configured" in answer.json()["message"]


def test_without_a_moderation_service_its_methods_say_what_is_missing(alice):
    answer = get(alice, "tools.ozone.moderation.queryEvents")
    assert answer.status == 501
    assert "no moderation service is configured" in answer.json()["message"]


def test_nobody_is_not_handed_on(anyone, view):
    assert get(anyone, THING).refusal == (401, "AuthMissing")
    assert view.seen == []


def test_another_tenants_session_is_not_handed_on(mallory, ash, view):
    stranger = Person(ash, mallory.token)
    assert get(stranger, THING).refusal == (400, "InvalidToken")


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH"])
def test_other_verbs_are_no_calls(alice, view, verb):
    response = alice.client().generic(verb, f"/xrpc/{THING}", **alice.headers())
    assert response.json()["error"] == "InvalidRequest"


@pytest.mark.parametrize(
    "nsid", ["com.atproto.server.GETSESSION", "com.atproto.identity.UpdateHandle"]
)
def test_methods_of_the_account_itself_never_leave(alice, view, nsid):
    assert get(alice, nsid).refusal == (400, "InvalidToken")
    assert view.seen == []


def test_methods_of_this_host_ignore_the_header(alice, labeler):
    assert get(alice, "com.atproto.server.getSession", **to(labeler)).json()["did"] == alice.did
    assert labeler.seen == []


@pytest.mark.parametrize("nsid", [CHAT, "chat.bsky.CONVO.getLog"])
def test_an_app_password_reads_no_messages(alice, view, nsid):
    assert get(app_password(alice), nsid).refusal == (400, "InvalidToken")
    assert get(app_password(alice), THING).status == 200
    assert len(view.seen) == 1


def test_a_privileged_app_password_reads_messages(alice, view):
    assert (
        get(app_password(alice, session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE), CHAT).status == 200
    )


def test_somebody_deactivated_is_still_handed_on(alice, view):
    activation.deactivate(Account.objects.get(did=alice.did))
    assert get(alice, THING).status == 200


def test_somebody_taken_down_is_not(alice, view):
    status.take_down(Account.objects.get(did=alice.did))
    assert get(alice, THING).refusal == (401, "AccountTakedown")
    assert get(app_password(alice, session_tokens.TAKENDOWN_SCOPE), THING).refusal == (
        400,
        "InvalidToken",
    )


def test_an_answer_with_credentials_is_nobody_elses(alice, view):
    answer = get(alice, THING)
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("private", "Authorization")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_dead_app_view_is_a_bad_gateway(alice, view, settings):
    settings.APPVIEW_URL = "http://localhost:1"
    answer = get(alice, THING)
    assert (answer.refusal, answer.json()["message"]) == (
        (502, "UpstreamFailure"),
        "Upstream service unreachable",
    )


def test_a_strangers_service_inside_is_not_reached(alice, labeler, settings):
    labeler.offers(atproto_labeler="https://10.0.0.1")
    assert get(alice, THING, **to(labeler)).refusal == (502, "UpstreamFailure")


@pytest.mark.parametrize(
    "more", ["/internal/secret", "/internal/secret?ignored=", "?ignored=", "#", "/a/..", "/;x"]
)
def test_a_service_that_brings_a_path_along_is_not_asked(alice, labeler, more):
    labeler.offers(atproto_labeler=labeler.url + more)
    answer = get(alice, THING, **to(labeler))
    assert answer.status == 400
    assert {seen.target for seen in labeler.seen} <= {"/.well-known/did.json"}


RECORD = {"collection": THING, "rkey": "k"}
GET_RECORD = "com.atproto.repo.getRecord"


def test_a_record_of_a_repo_elsewhere_is_the_app_views_to_show(anyone, view):
    view.answers(GET_RECORD, answering({"uri": "at://x", "value": {}}))
    answer = get(anyone, GET_RECORD, {"repo": "did:web:else.example.com", **RECORD})
    assert answer.json() == {"uri": "at://x", "value": {}}
    assert "authorization" not in view.last().headers


def test_a_record_that_is_missing_here_is_not_looked_for_elsewhere(alice, view):
    answer = get(alice, GET_RECORD, {"repo": alice.did, **RECORD})
    assert (answer.refusal, view.seen) == ((400, "RecordNotFound"), [])


def test_without_an_app_view_a_repo_elsewhere_has_no_records(anyone):
    answer = get(anyone, GET_RECORD, {"repo": "did:web:else.example.com", **RECORD})
    assert answer.refusal == (400, "RecordNotFound")
