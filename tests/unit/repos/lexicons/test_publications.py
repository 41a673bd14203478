"""What the network says of a lexicon, honest authorities and others."""

import pytest

from protocol.keys import SigningKey
from repos.lexicons.publications import (
    AuthorityUnavailable,
    LexiconNotFound,
    authority_of,
    fetch,
    find_authority,
)
from server.net import http_client
from tests.unit.repos.lexicons.documents import DID, OTHER_DID, THING, lexicon_of


@pytest.mark.parametrize(
    ("nsid", "domain"),
    [("com.example.foo.bar", "foo.example.com"), ("COM.Example.fooBar", "example.com")],
)
def test_the_domain_is_all_but_the_last_segment_backwards(nsid, domain):
    assert authority_of(nsid) == domain


def test_one_txt_record_names_the_authority(network):
    network.publish(lexicon_of())
    assert find_authority(THING) == DID
    assert network.asked == ["_lexicon.network.example.com"]


def test_nobody_walks_up_the_tree_of_names(network):
    network.domains["_lexicon.example.com"] = [f"did={DID}"]
    with pytest.raises(LexiconNotFound):
        find_authority(THING)


@pytest.mark.parametrize(
    "values", [[], ["v=spf1"], ["did=nonsense"], [f"did={DID}", f"did={OTHER_DID}"], [DID]]
)
def test_a_domain_that_names_no_one_did_is_no_authority(network, values):
    network.domains["_lexicon.network.example.com"] = values
    with pytest.raises(LexiconNotFound):
        find_authority(THING)


def test_other_records_beside_it_do_no_harm(network):
    network.domains["_lexicon.network.example.com"] = ["v=spf1 -all", f"did={DID}"]
    assert find_authority(THING) == DID


def test_silent_name_servers_are_no_word(network):
    with pytest.raises(AuthorityUnavailable):
        find_authority("example.silent.thing")


def test_a_lexicon_is_fetched_with_its_proof(network):
    network.publish(lexicon_of(n={"type": "integer"}))
    found = fetch(THING, DID)
    assert (found.nsid, found.did) == (THING, DID)
    assert found.document["defs"]["main"]["record"]["required"] == ["n"]


def test_a_signature_of_another_key_is_refused(network):
    network.publish(lexicon_of())
    network.signing = SigningKey.generate()
    with pytest.raises(LexiconNotFound, match="is invalid"):
        fetch(THING, DID)


def test_an_authority_without_the_record_has_no_lexicon(network):
    with pytest.raises(LexiconNotFound, match="does not publish"):
        fetch(THING, DID)


@pytest.mark.parametrize(
    "change",
    [
        {"$type": "com.example.schema"},
        {"id": "com.example.network.other"},
        {"lexicon": 2},
        {"defs": {"main": {"type": "nonsense"}}},
        {"defs": {"main": {"type": "record", "record": {"type": "object", "required": 5}}}},
        {"description": "x" * 200_000},
    ],
)
def test_a_document_that_is_none_is_refused(network, change):
    network.records[THING] = {**lexicon_of(), **change}
    with pytest.raises(LexiconNotFound):
        fetch(THING, DID)


@pytest.mark.parametrize("status", [400, 404])
def test_a_server_without_the_repo_has_no_lexicon(network, status):
    network.status = status
    with pytest.raises(LexiconNotFound):
        fetch(THING, DID)


@pytest.mark.parametrize("status", [301, 429, 500, 503])
def test_a_server_in_trouble_is_no_word(network, status):
    network.status = status
    with pytest.raises(AuthorityUnavailable):
        fetch(THING, DID)


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (http_client.Forbidden("inside"), LexiconNotFound),
        (http_client.TooLarge(1_000, 200), LexiconNotFound),
        (http_client.Unreachable("down"), AuthorityUnavailable),
        (http_client.TimedOut("slow"), AuthorityUnavailable),
    ],
)
def test_what_happens_on_the_way_is_told_apart(network, fault, refusal):
    network.fault = fault
    with pytest.raises(refusal):
        fetch(THING, DID)


def test_bytes_that_are_no_car_prove_nothing(network, monkeypatch):
    monkeypatch.setattr(type(network), "proof", lambda *_args: b"\x00" * 100)
    with pytest.raises(LexiconNotFound, match="is invalid"):
        fetch(THING, DID)
