"""Addresses, accounts and bytes that attackers and innocent clients share."""

import http.client
import json
import secrets
import socket
from typing import Any, Literal, overload

from tests.concurrency.client import POST, Api, Person
from tests.running import RunningGrove

Address = str

ATTACKERS: tuple[Address, Address] = ("127.0.0.2", "127.0.0.3")
ADMIN_PASSWORD = "attack-suite-admin"


def innocent_address(number: int) -> Address:
    """Where the innocent clients beside the attack of that number are: each time another network,
    so that minutes of attacks do not use up one budget."""
    return f"127.0.0.{9 + number}"


def api_of(grove: RunningGrove, address: Address, person: Person | None = None) -> Api:
    """A client at an address, signed in as somebody or nobody."""
    api = Api(grove.port, person.token if person else "")
    api.connection = http.client.HTTPConnection(
        "127.0.0.1", grove.port, timeout=60, source_address=(address, 0)
    )
    return api


def sign_up(grove: RunningGrove, address: Address) -> Person:
    """A fresh account, made from an address."""
    handle = f"u{secrets.token_hex(5)}.test"
    wanted = {
        "handle": handle,
        "email": f"{handle}@example.com",
        "password": secrets.token_hex(12),
    }
    made = api_of(grove, address).call("com.atproto.server.createAccount", wanted)
    return Person(made["did"], made["accessJwt"], handle)


@overload
def post_of(person: Person, *, as_json: Literal[True]) -> bytes: ...
@overload
def post_of(person: Person) -> dict[str, Any]: ...
def post_of(person: Person, *, as_json: bool = False) -> dict[str, Any] | bytes:
    """createRecord's input for a small post."""
    record = {"$type": POST, "text": "hello", "createdAt": "2026-11-22T12:00:00.000Z"}
    wanted = {"repo": person.did, "collection": POST, "record": record}
    return json.dumps(wanted).encode() if as_json else wanted


def connect(address: Address, port: int, receive_buffer: int = 0) -> socket.socket:
    """A TCP connection from an address, with a small receive buffer if one is named (bytes)."""
    made = socket.socket()
    made.settimeout(15)
    if receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.bind((address, 0))
    made.connect(("127.0.0.1", port))
    return made


def head(method: str, target: str, port: int, **headers: str) -> bytes:
    """A request's head; `_` in a header's name stands for `-`."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: localhost:{port}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
