"""com.atproto.lexicon.* through HTTP."""

from accounts.models import Account
from repos.lexicons.publications import SCHEMA
from tests.unit.repos.lexicons.conftest import network
from tests.unit.repos.lexicons.documents import DID, THING, lexicon_of

__all__ = ["network"]
RESOLVE = "com.atproto.lexicon.resolveLexicon"


def test_a_lexicon_of_the_network_is_shown_as_its_authority_signed_it(network, anyone):
    network.publish(lexicon_of(n={"type": "integer"}))
    answer = anyone.query(RESOLVE, nsid=THING).json()
    assert answer["uri"] == f"at://{DID}/{SCHEMA}/{THING}"
    assert answer["schema"] == lexicon_of(n={"type": "integer"})


def test_a_lexicon_that_is_nowhere_is_not_found(network, anyone):
    answer = anyone.query(RESOLVE, nsid=THING)
    assert (answer.status_code, answer.json()["error"]) == (400, "LexiconNotFound")


def test_silence_is_a_502(network, anyone):
    answer = anyone.query(RESOLVE, nsid="example.silent.thing")
    assert (answer.status_code, answer.json()["error"]) == (502, "UpstreamFailure")


def test_a_name_that_is_no_nsid_is_refused(anyone):
    assert anyone.query(RESOLVE, nsid="nonsense").json()["error"] == "InvalidRequest"


def test_an_authority_that_lives_here_is_not_asked_over_http(network, alice, monkeypatch):
    network.publish(lexicon_of(), did=alice.did)
    document = network.document(alice.did)
    monkeypatch.setattr(type(document), "pds", alice.host.origin)
    monkeypatch.setattr(type(document), "signing_key", own_key(alice))
    alice.create(SCHEMA, lexicon_of(), rkey=THING)
    assert alice.query(RESOLVE, nsid=THING).json()["uri"].startswith(f"at://{alice.did}/")
    assert [asked for asked in network.asked if asked.startswith("http")] == []


def own_key(person):
    return Account.objects.get(did=person.did).signing_did_key
