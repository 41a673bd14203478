"""Whether a refused sign-in tells by its time if a name is known: `python -m bench.sign_in_timing
[--calls 400]`.

As many wrong passwords for names that are known as for names that are not, in random order, by
createSession and by the sign-in page. `known is slower` is the share of pairs of which the known
name took longer (Mann and Whitney's U): half of them when nothing can be told. `z` says how far
from a half that is, in standard deviations; chance stays within two in 95 of 100 runs.
"""

import argparse
import asyncio
import math
import random
import statistics
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from functools import cache
from itertools import count

import uvloop

from bench.compare import client
from bench.compare.client import Address, request_bytes
from bench.compare.people import Town
from bench.compare.servers import start_grove

PEOPLE = 20
CONNECTIONS = 4  # a refusal holds a thread for a third of a second
_REFUSED = (401, 422)
_NAMES = count()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=400, help="for each kind of name and door")
    options = parser.parse_args()
    server = start_grove(None)
    try:
        uvloop.run(_measure(Town(server), options.calls))
    finally:
        server.stop()


async def _measure(town: Town, calls: int) -> None:
    people = [await town.newcomer() for _ in range(PEOPLE)]
    known = [person.handle for person in people]
    print("| door | known: median, p95 | unknown: median, p95 | known is slower | z |")
    print("|---|---|---|---|---|")
    for door, made in (("createSession", _by_xrpc), ("sign-in page", _by_page)):
        names = [(random.choice(known), True) for _ in range(calls)]
        names += [(f"nobody{next(_NAMES)}.test", False) for _ in range(calls)]
        random.shuffle(names)
        requests = [(made(town.address, name), is_known) for name, is_known in names]
        times = await _timed(town.address, requests)
        share, z = _compared(times[True], times[False])
        shown = " | ".join(_told(each) for each in (times[True], times[False]))
        print(f"| {door} | {shown} | {share:.3f} | {z:+.2f} |", flush=True)


async def _timed(
    address: Address, requests: Sequence[tuple[bytes, bool]]
) -> dict[bool, list[float]]:
    """Seconds of each answer, by whether the name is known."""
    times: dict[bool, list[float]] = {True: [], False: []}
    left = iter(requests)

    async def ask() -> None:
        connection = await client.connect(address)
        for request, is_known in left:
            begun = time.perf_counter()
            status, _body = await connection.exchange(request)
            if status not in _REFUSED:
                raise client.WrongAnswer(f"{status} for a wrong password")
            times[is_known].append(time.perf_counter() - begun)
        connection.close()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return times


def _by_xrpc(address: Address, name: str) -> bytes:
    wrong = {"identifier": name, "password": "a wrong password"}
    return request_bytes(address, "com.atproto.server.createSession", body=wrong)


def _by_page(address: Address, name: str) -> bytes:
    token, cookie = _form(address)
    wrong = {"identifier": name, "password": "a wrong password", "csrfmiddlewaretoken": token}
    form = urllib.parse.urlencode(wrong).encode()
    head = (
        f"POST /account/sign-in HTTP/1.1\r\nHost: {address.host}\r\nCookie: {cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    return head.encode() + form


@cache
def _form(address: Address) -> tuple[str, str]:
    """The token in the page's form, and the cookie that goes with it."""
    with urllib.request.urlopen(f"http://{address.host}/account/sign-in", timeout=10) as page:
        text, cookie = page.read().decode(), page.headers["Set-Cookie"].partition(";")[0]
    return text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0], cookie


def _compared(known: Sequence[float], unknown: Sequence[float]) -> tuple[float, float]:
    """The share of pairs in which the first is larger, and its distance from a half."""
    ranked = sorted([(each, True) for each in known] + [(each, False) for each in unknown])
    ranks = sum(rank for rank, (_, is_known) in enumerate(ranked, start=1) if is_known)
    pairs = len(known) * len(unknown)
    wins = ranks - len(known) * (len(known) + 1) / 2
    spread = math.sqrt(pairs * (len(known) + len(unknown) + 1) / 12)
    return wins / pairs, (wins - pairs / 2) / spread


def _told(times: Sequence[float]) -> str:
    late = sorted(times)[len(times) * 95 // 100]
    return f"{statistics.median(times) * 1000:.1f}, {late * 1000:.1f} ms"


if __name__ == "__main__":
    main()
