"""`/tls-check` beside busy workers: `python -m bench.scale.names`, after bench.scale.fill.

A reverse proxy asks for 100 names a second, of a hundred thousand that somebody has or nobody has:
beside nothing, and beside 32 clients in another process who never stop asking for pages and for
methods, so that every web process has all that it can do. Who asks takes no core from the server.
The web processes are asked, and the process of GROVE_CERTIFICATES_PORT where there is one.
"""

import os
import random
import subprocess
import sys
from typing import Final

import uvloop

from bench.compare import load
from bench.compare.client import Address, request_bytes
from bench.compare.load import Plan

SECONDS: Final = 10.0
PACE: Final = 100.0
NAMES: Final = 100_000
CLIENTS: Final = 32
_BUSY: Final = (
    "/about",
    "/account/sign-in",
    "com.atproto.server.describeServer",
    "/console/login/",
)


async def ask(address: Address, beside: str) -> None:
    """Milliseconds of the answers."""

    def make(_worker: int, number: int) -> tuple[bytes, object]:
        n = random.randrange(1, NAMES)
        name, status = (f"person-{n}.test", 200) if number % 4 else (f"nobody-{n}.test", 404)
        return request_bytes(address, "/tls-check", {"domain": name}), status

    def is_right(status: int, _body: bytes, expected: object) -> bool:
        return status == expected

    timing = await load.run(address, Plan(4, SECONDS, per_second=PACE), make, is_right)
    p50, p99 = timing.percentile_ms(0.5), timing.percentile_ms(0.99)
    rate = timing.count / timing.seconds
    print(f"| {beside} | {rate:.0f} | {p50:.2f} | {p99:.2f} | {timing.percentile_ms(1):.1f} |")


async def be_busy(address: Address) -> None:
    """Ask for pages and methods without a pause; how many a second were answered."""
    requests = [request_bytes(address, each) for each in _BUSY]

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return requests[(worker + number) % len(requests)], None

    plan = Plan(CLIENTS, SECONDS + 2)
    timing = await load.run(address, plan, make, lambda status, _body, _expected: status == 200)
    print(f"meanwhile {timing.count / timing.seconds:.0f} pages and calls a second")


def main(part: str = "") -> None:
    address = Address(int(os.environ["GROVE_PORT"]))
    if part:
        uvloop.run(be_busy(address))
        return
    print("| /tls-check beside | a second | median ms | 99th | longest |\n|---|---|---|---|---|")
    asked = {"the web processes": address}
    if own := os.environ.get("GROVE_CERTIFICATES_PORT"):
        asked["a process of its own"] = Address(int(own))
    for who, where in asked.items():
        uvloop.run(ask(where, f"nothing, {who}"))
        command = ["nice", "-n", "19", sys.executable, "-m", "bench.scale.names", "busy"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as busy:
            uvloop.run(ask(where, f"{CLIENTS} busy clients, {who}"))
            print(busy.communicate()[0].strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
