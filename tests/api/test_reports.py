"""com.atproto.moderation.createReport: to a service, or to the host's own staff."""

import orjson
import pytest

from accounts import status
from accounts.authentication import session_tokens
from accounts.models import Account
from moderation.models import Report
from tests.api.clients import Person
from tests.api.relayed import claims, labeler, post, view
from tests.session_tokens import access_token
from tests.upstreams import answering

__all__ = ["labeler", "view"]

NSID = "com.atproto.moderation.createReport"
SPAM = "com.atproto.moderation.defs#reasonSpam"
APPEAL = "com.atproto.moderation.defs#reasonAppeal"


def about(did: str, reason_type: str = SPAM, **more) -> dict:
    subject = {"$type": "com.atproto.admin.defs#repoRef", "did": did}
    return {"reasonType": reason_type, "subject": subject, **more}


def about_record(uri: str) -> dict:
    cid = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"
    return {
        "reasonType": SPAM,
        "subject": {"$type": "com.atproto.repo.strongRef", "uri": uri, "cid": cid},
    }


def leaving(person: Person) -> Person:
    """The session of somebody who was taken down."""
    status.take_down(Account.objects.get(did=person.did))
    token = access_token(person.host, person.did, session_tokens.TAKENDOWN_SCOPE)
    return Person(person.host, token, did=person.did)


def test_a_report_goes_to_the_service_that_is_named(alice, labeler):
    filed = {"id": 1, "createdAt": "2026-01-01T00:00:00.000Z", "reportedBy": alice.did}
    labeler.answers(NSID, answering({**filed, **about("did:web:b.example")}))
    named = {"HTTP_ATPROTO_PROXY": f"{labeler.did}#atproto_labeler"}
    answer = post(alice, NSID, about("did:web:b.example", reason="why"), **named)
    assert (answer.status, answer.json()["id"]) == (200, 1)
    assert orjson.loads(labeler.last().body) == about("did:web:b.example", reason="why")
    assert claims(labeler.last().headers["authorization"])["lxm"] == NSID


def test_a_report_goes_to_the_operators_service(alice, view, settings):
    settings.REPORT_URL, settings.REPORT_DID = view.url, view.did
    post(alice, NSID, about("did:web:b.example"))
    assert claims(view.last().headers["authorization"])["aud"] == view.did
    assert not Report.objects.exists()


def test_the_refusal_of_the_service_passes(alice, view, settings):
    settings.REPORT_URL, settings.REPORT_DID = view.url, view.did
    view.answers(NSID, answering({"error": "Muted", "message": "no"}, "400 No"))
    assert post(alice, NSID, about("did:web:b.example")).refusal == (400, "Muted")


def test_without_a_service_the_host_keeps_the_report(alice, bob):
    answer = post(alice, NSID, about(bob.did, reason="rude", modTool={"name": "app"})).json()
    report = Report.objects.get(pk=answer["id"])
    assert (report.host, report.reported_by, report.subject_did) == (alice.host, alice.did, bob.did)
    assert (answer["reason"], answer["reportedBy"]) == ("rude", alice.did)


def test_a_report_may_be_about_a_record(alice, bob):
    uri = f"at://{bob.did}/app.bsky.feed.post/k"
    post(alice, NSID, about_record(uri))
    report = Report.objects.get()
    assert (report.subject_did, report.subject_uri) == (bob.did, uri)


@pytest.mark.parametrize(
    "broken",
    [{"reasonType": SPAM}, {**about("did:web:b.example"), "reasonType": None},
     {"subject": about("did:web:b.example")["subject"]}, about("nobody"), about_record("https://x"),
     about_record("at://a.example/app.bsky.feed.post/k"), about("did:web:b.example", "x" * 301),
     {"reasonType": SPAM, "subject": {"$type": "com.example.thing"}}],
)  # fmt: skip
def test_a_report_without_subject_or_reason_is_refused(alice, broken):
    assert post(alice, NSID, broken).status == 400
    assert not Report.objects.exists()


@pytest.mark.parametrize("levels", [300, 1_000])
def test_a_report_too_deep_to_be_written_again_is_refused(alice, bob, levels):
    whole = orjson.dumps(about(bob.did, modTool={"name": "app", "meta": {"a": "$"}}))
    nested = whole.replace(b'"$"', b"[" * levels + b"]" * levels)
    assert alice.send(NSID, nested).status_code == 400


def test_somebody_taken_down_may_appeal_and_nothing_else(alice, bob):
    alice = leaving(alice)
    assert post(alice, NSID, about(alice.did, APPEAL)).status == 200
    assert post(alice, NSID, about(bob.did)).refusal == (403, "Forbidden")


def test_an_appeal_of_somebody_taken_down_reaches_the_service(alice, view, settings):
    settings.REPORT_URL, settings.REPORT_DID = view.url, view.did
    assert post(leaving(alice), NSID, about(alice.did, APPEAL)).status == 200
    assert claims(view.last().headers["authorization"])["iss"] == alice.did


def test_nobody_reports_nothing(anyone, view):
    assert anyone.call(NSID, **about("did:web:b.example")).status_code == 401
