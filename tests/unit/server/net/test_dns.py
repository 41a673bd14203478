"""TXT records, asked of a real name server on a loopback port: the network's edge."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset
import pytest

from server.net import dns as txt_records

RECORDS = {
    "_atproto.alice.example.com.": ['"did=did:plc:alice"', '"unrelated"'],
    "_atproto.long.example.com.": ['"did=did:" "plc:long"'],
    "empty.example.com.": [],
}


def answered(query: bytes) -> bytes:
    question = dns.message.from_wire(query)
    response = dns.message.make_response(question)
    name = question.question[0].name
    if "broken" in str(name):
        response.set_rcode(dns.rcode.SERVFAIL)
    elif str(name) not in RECORDS:
        response.set_rcode(dns.rcode.NXDOMAIN)
    elif texts := RECORDS[str(name)]:
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
    return response.to_wire()


@contextmanager
def name_server(is_silent: bool = False) -> Iterator[str]:
    """Answers from RECORDS, or never; gives its `address:port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        host, port = listener.getsockname()

        def serve() -> None:
            while True:
                query, client = listener.recvfrom(4096)
                if query == b"stop":
                    return
                if not is_silent:
                    listener.sendto(answered(query), client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"{host}:{port}"
        listener.sendto(b"stop", (host, port))
        thread.join()


@pytest.fixture
def server(settings):
    with name_server() as address:
        settings.DNS_SERVERS = [address]
        settings.DNS_BACKUP_SERVERS = []
        yield address


def test_all_records_of_a_name_are_given(server):
    values = txt_records.values("_atproto.alice.example.com")
    assert sorted(values) == ["did=did:plc:alice", "unrelated"]


def test_a_record_in_pieces_is_one_value(server):
    assert txt_records.values("_atproto.long.example.com") == ["did=did:plc:long"]


@pytest.mark.parametrize("name", ["nobody.example.com", "empty.example.com"])
def test_no_such_name_and_no_such_record_are_both_none(server, name):
    assert txt_records.values(name) == []


def test_a_server_that_cannot_find_out_is_no_answer(server):
    with pytest.raises(txt_records.NoAnswer):
        txt_records.values("broken.example.com")


def test_a_silent_server_is_given_up_in_time(settings):
    settings.RESOLVE_TIMEOUT_S = 0.3
    with name_server(is_silent=True) as address:
        settings.DNS_SERVERS = [address]
        with pytest.raises(txt_records.TimedOut):
            txt_records.values("_atproto.alice.example.com")


def test_backup_servers_are_asked_only_when_there_are_some(server, settings):
    assert txt_records.backup_values("_atproto.long.example.com") == []
    settings.DNS_BACKUP_SERVERS = [server]
    assert txt_records.backup_values("_atproto.long.example.com") == ["did=did:plc:long"]


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
    ],
)
def test_servers_are_named_with_and_without_a_port(text, address, port):
    server = txt_records.name_server(text)
    assert (server.address, server.port) == (address, port)
