"""Handles of the network: DNS before HTTPS, exactly one record, silence told from a no."""

import pytest

from accounts.identity import resolution
from server.net import dns, http_client
from tests.factories import account_row

DID = "did:plc:" + "a" * 24
OTHER = "did:web:other.example.com"
HANDLE = "alice.example.com"


class Network:
    """What name servers and web servers say about HANDLE; an exception is raised."""

    def __init__(self):
        self.records, self.backup_records = [], []
        self.page = http_client.Unreachable("no such host")
        self.asked = []

    def values(self, name):
        self.asked.append(name)
        return said(self.records)

    def backup_values(self, name):
        self.asked.append(f"backup {name}")
        return said(self.backup_records)

    def request(self, method, url, **_bounds):
        self.asked.append(url)
        status, text = said(self.page)
        return http_client.Answer(status, {}, text.encode())


def said(answer):
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def network(db, monkeypatch):
    edge = Network()
    monkeypatch.setattr(dns, "values", edge.values)
    monkeypatch.setattr(dns, "backup_values", edge.backup_values)
    monkeypatch.setattr(http_client, "request", edge.request)
    return edge


def test_a_record_names_the_did(network):
    network.records = ["v=spf1 -all", f"did={DID}"]
    assert resolution.ask_for_handle("Alice.Example.com") == DID
    assert network.asked == ["_atproto.alice.example.com"]


@pytest.mark.parametrize(
    "records", [[f"did={DID}", f"did={OTHER}"], ["did=nonsense"], [f" did={DID}"], [f"DID={DID}"]]
)
def test_records_that_contradict_or_say_nothing_are_none(network, records):
    network.records = records
    assert resolution.ask_for_handle(HANDLE) is None


@pytest.mark.parametrize("text", [DID, f"  {DID}\n", f"{DID}\nand more"])
def test_without_a_record_the_first_line_of_the_well_known_document_counts(network, text):
    network.page = (200, text)
    assert resolution.ask_for_handle(HANDLE) == DID
    assert network.asked[-1] == "https://alice.example.com/.well-known/atproto-did"


@pytest.mark.parametrize(
    "page",
    [
        *((404, DID), (302, DID), (200, ""), (200, "<html>"), (200, "\0")),
        *(http_client.TooLarge(8192, status) for status in (200, 404)),
    ],
)
def test_other_pages_name_nobody(network, page):
    network.page = page
    assert resolution.ask_for_handle(HANDLE) is None


def test_dns_is_preferred(network):
    network.records, network.page = [f"did={DID}"], (200, OTHER)
    assert resolution.ask_for_handle(HANDLE) == DID


def test_backup_servers_are_asked_last(network):
    network.backup_records = [f"did={DID}"]
    assert resolution.ask_for_handle(HANDLE) == DID
    assert len(network.asked) == 3


def test_a_web_server_can_stand_in_for_silent_name_servers(network):
    network.records, network.page = dns.NoAnswer("late"), (200, DID)
    assert resolution.ask_for_handle(HANDLE) == DID


def test_name_servers_that_are_late_are_not_waited_for_twice(network):
    network.records, network.page = dns.TimedOut("late"), (200, DID)
    network.backup_records = [f"did={OTHER}"]
    assert resolution.ask_for_handle(HANDLE) == OTHER
    assert len(network.asked) == 2


@pytest.mark.parametrize(
    ("records", "page"),
    [
        (dns.NoAnswer("late"), http_client.Unreachable("no")),
        ([], http_client.TimedOut("late")),
        ([], (503, "")),
        ([], http_client.TooLarge(8192, 503)),
    ],
)
def test_silence_is_not_taken_for_a_no(network, records, page):
    network.records, network.page = records, page
    with pytest.raises(resolution.NetworkUnavailable):
        resolution.ask_for_handle(HANDLE)


def test_whoever_only_wants_the_did_gets_none_from_silence(network):
    network.records = dns.NoAnswer("late")
    assert resolution.resolve_handle("silent.example.com") is None


def test_an_answer_is_remembered(network):
    network.records = [f"did={DID}"]
    assert resolution.resolve_handle("kept.example.com") == DID
    network.records = []
    assert resolution.resolve_handle("Kept.example.com") == DID


def test_fresh_asks_again(network):
    network.records = [f"did={DID}"]
    resolution.resolve_handle("anew.example.com")
    network.records = [f"did={OTHER}"]
    assert resolution.resolve_handle("anew.example.com", fresh=True) == OTHER


def test_what_is_no_handle_is_nobodys(network):
    assert resolution.resolve_handle("not a handle") is None
    assert network.asked == []


def test_names_under_our_own_domains_come_from_the_database_alone(network, ash, birch):
    alice, mallory = account_row(ash), account_row(birch, "mallory")
    assert resolution.resolve_handle("Alice.test") == alice.did
    assert resolution.resolve_handle("mallory.birch.test") == mallory.did
    assert resolution.resolve_handle("nobody.test", fresh=True) is None
    assert resolution.ask_for_handle("nobody.birch.test") is None
    assert network.asked == []
