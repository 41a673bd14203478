"""Reports to the labeler of a tenant: of people here, and of people of other hosts."""

import pytest

from accounts import status
from accounts.identity import resolution
from accounts.models import Account
from accounts.service_auth import tokens
from moderation.models import Labeler, Report
from protocol.did.did_document import DidDocument
from tests import factories
from tests.api.clients import Api
from tests.api.relayed import post
from tests.api.test_reports import APPEAL, NSID, SPAM, about, about_record

OZONE = "tools.ozone.report.defs#reasonHarassmentDoxxing"


@pytest.fixture
def labeler(bob) -> Labeler:
    """Bob, at ash."""
    return factories.labeler(Account.objects.select_related("host").get(did=bob.did))


@pytest.fixture(autouse=True)
def documents(monkeypatch):
    """Everybody's key is looked up in the rows."""

    def resolve(did: str, *, fresh: bool = False) -> DidDocument:
        key = Account.objects.get(did=did).signing_did_key.removeprefix("did:key:")
        method = {"id": "#atproto", "type": "Multikey", "publicKeyMultibase": key}
        return DidDocument({"id": did, "verificationMethod": [method]})

    monkeypatch.setattr(resolution, "resolve_did", resolve)


def to(labeler: Labeler) -> dict[str, str]:
    return {"HTTP_ATPROTO_PROXY": f"{labeler.did}#atproto_labeler"}


def from_elsewhere(person, labeler: Labeler, aud: str = "") -> Api:
    """Somebody of another host, whose host hands a report on to ash."""
    account = Account.objects.get(did=person.did)
    return Api(labeler.host, tokens.mint(account, aud or labeler.did, NSID))


def declare(labeler: Labeler, **restrictions: list[str]) -> None:
    labeler.declaration = restrictions
    labeler.save()


def test_a_report_of_somebody_here_stays_here(alice, labeler):
    answer = post(alice, NSID, about("did:plc:x"), **to(labeler))
    assert answer.status == 200
    assert Report.objects.get().reported_by == alice.did


def test_a_report_of_somebody_elsewhere_is_taken(mallory, labeler):
    answer = from_elsewhere(mallory, labeler).call(NSID, **about("did:plc:x"))
    assert answer.status_code == 200, answer.json()
    report = Report.objects.get()
    assert (report.host, report.reported_by) == (labeler.host, mallory.did)
    assert report.case is not None


def test_the_service_may_be_named_in_the_audience(mallory, labeler):
    api = from_elsewhere(mallory, labeler, f"{labeler.did}#atproto_labeler")
    assert api.call(NSID, **about("did:plc:x")).status_code == 200


def test_a_token_serves_once(mallory, labeler):
    api = from_elsewhere(mallory, labeler)
    assert api.call(NSID, **about("did:plc:x")).status_code == 200
    assert api.call(NSID, **about("did:plc:x")).status_code == 401
    assert Report.objects.count() == 1


@pytest.mark.parametrize("audience", ["did:web:localhost", "did:plc:somebodyelse00000000000"])
def test_a_token_for_another_service_is_refused(mallory, labeler, audience):
    api = from_elsewhere(mallory, labeler, audience)
    assert api.call(NSID, **about("did:plc:x")).json()["error"] == "BadJwtAudience"
    assert not Report.objects.exists()


def test_another_tenants_host_does_not_take_it(mallory, labeler, birch):
    api = Api(birch, from_elsewhere(mallory, labeler).token)
    assert api.call(NSID, **about("did:plc:x")).json()["error"] == "BadJwtAudience"


def test_a_labeler_that_is_not_declared_takes_nothing(mallory, labeler):
    labeler.state = Labeler.State.PUBLISHED
    labeler.save()
    answer = from_elsewhere(mallory, labeler).call(NSID, **about("did:plc:x"))
    assert answer.json()["error"] == "BadJwtAudience"


@pytest.mark.parametrize("reason", [SPAM, OZONE, "com.example.defs#reasonNew"])
def test_every_reason_is_taken_unless_the_declaration_says_no(alice, labeler, reason):
    assert post(alice, NSID, about("did:plc:x", reason), **to(labeler)).status == 200


@pytest.mark.parametrize(
    ("restrictions", "accounts", "posts"),
    [
        ({}, 200, 200),
        ({"reasonTypes": []}, 400, 400),
        ({"reasonTypes": [SPAM]}, 200, 200),
        ({"reasonTypes": [OZONE]}, 400, 400),
        ({"subjectTypes": []}, 400, 400),
        ({"subjectTypes": ["account"]}, 200, 400),
        ({"subjectTypes": ["record"]}, 400, 200),
        ({"subjectCollections": []}, 200, 400),
        ({"subjectCollections": ["app.bsky.feed.post"]}, 200, 200),
        ({"subjectCollections": ["app.bsky.actor.profile"]}, 200, 400),
    ],
)
def test_the_declaration_says_what_is_taken(alice, labeler, restrictions, accounts, posts):
    declare(labeler, **restrictions)
    assert post(alice, NSID, about("did:plc:x"), **to(labeler)).status == accounts
    uri = "at://did:plc:x/app.bsky.feed.post/k"
    assert post(alice, NSID, about_record(uri), **to(labeler)).status == posts


def test_the_declaration_does_not_bind_the_hosts_own_moderation(alice, labeler):
    declare(labeler, reasonTypes=[])
    assert post(alice, NSID, about("did:plc:x")).status == 200


def test_whoever_was_taken_down_here_may_only_appeal(bob, alice, labeler):
    account = Account.objects.get(did=alice.did)
    api = from_elsewhere(alice, labeler)
    status.take_down(account)
    assert api.call(NSID, **about("did:plc:x")).json()["error"] == "Forbidden"
    again = from_elsewhere(alice, labeler)
    assert again.call(NSID, **about(alice.did, APPEAL)).status_code == 200
