"""com.atproto.moderation.sendAbuseNotice: by the service token of a named authority."""

import pytest

from hosting.models import Host
from moderation.models import AbuseAuthority, AbuseNotice
from tests.api.clients import Api, Person

pytestmark = pytest.mark.django_db
NSID = "com.atproto.moderation.sendAbuseNotice"


@pytest.fixture
def authority(alice, birch) -> Person:
    """Alice, whose notices birch takes."""
    AbuseAuthority.objects.create(tenant=birch.tenant, did=alice.did)
    return alice


def send(person: Person, host: Host, lxm: str = NSID, **changes):
    minted = person.query("com.atproto.server.getServiceAuth", aud=host.service_did, lxm=lxm)
    subjects = [{"accountDid": "did:plc:z72i7hdynmk6r22z27h6tvur"}]
    body = {"noticeId": 7, "authority": person.did, "subjects": subjects, "abuseType": "spam"}
    return Api(host, minted.json()["token"]).call(NSID, **{**body, **changes})


def test_a_named_authority_is_heard_and_a_repetition_is_the_same(authority, birch):
    answers = [send(authority, birch) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert AbuseNotice.objects.get().authority == authority.did


def test_others_are_refused_before_anybody_is_asked(alice, birch):
    answer = send(alice, birch)
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")


def test_a_token_for_another_method_proves_nothing(authority, birch):
    answer = send(authority, birch, lxm="com.atproto.moderation.createReport")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "changes", [{"subjects": []}, {"abuseType": "rude"}, {"noticeId": -1}, {"noticeId": 2**63}]
)
def test_what_the_lexicon_does_not_allow_is_refused(authority, birch, changes):
    assert send(authority, birch, **changes).status_code == 400
    assert not AbuseNotice.objects.exists()


def test_without_a_token_there_is_nothing(birch):
    answer = Api(birch).call(
        NSID, noticeId=1, authority="did:web:a.example", subjects=[], abuseType="spam"
    )
    assert answer.status_code in (400, 401)
