"""One method on one server: alone and beside fifteen others, with the CPU of each process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from bench.compare import client, load
from bench.compare.client import WrongAnswer
from bench.compare.load import Plan, Timing
from bench.compare.scenarios import metered
from bench.methods.calls import MethodCall
from bench.methods.stage import Stage

CLIENTS: Final = 16
ALONE, TOGETHER = 8, 64  # requests of a method that uses them up
WARM: Final = 2


class NotThere(Exception):
    """The server does not have the method, or not for this caller: the name of its refusal."""


@dataclass(slots=True)
class Figures:
    """One run. CPU in milliseconds a call at 16 clients, by process; `per_s` calls a second."""

    p50_alone_ms: float
    p50_ms: float
    per_s: float
    cpu_ms: Mapping[str, float] = field(default_factory=dict)


async def run(call: MethodCall, stage: Stage, seconds: float) -> Figures:
    """Measure. Raises NotThere, WrongAnswer."""
    requests = await call.prepare(stage, WARM + ALONE + TOGETHER)
    await _warm(stage, requests)
    alone = await _loop(stage, requests, _plan(call, 1, ALONE, seconds / 2))
    with metered(stage.server) as cost:
        together = await _loop(stage, requests, _plan(call, CLIENTS, TOGETHER, seconds))
    each = {name: used * 1000 / together.count for name, used in cost.cpu_s.items()}
    per_s = together.count / together.seconds
    return Figures(alone.percentile_ms(0.5), together.percentile_ms(0.5), per_s, each)


def _plan(call: MethodCall, connections: int, count: int, seconds: float) -> Plan:
    return Plan(connections, count=count) if call.is_used_up else Plan(connections, seconds)


async def _warm(stage: Stage, requests: Iterator[bytes]) -> None:
    """The first calls, which tell whether the method is there."""
    connection = await client.connect(stage.address)
    try:
        for _ in range(WARM):
            status, body = await connection.exchange(next(requests))
            if status != 200:
                raise NotThere(_refusal(status, body))
    finally:
        connection.close()


def _refusal(status: int, body: bytes) -> str:
    try:
        return f"{status} {orjson.loads(body)['error']}"
    except (ValueError, KeyError, TypeError):
        return str(status)


async def _loop(stage: Stage, requests: Iterator[bytes], plan: Plan) -> Timing:
    def make(_worker: int, _number: int) -> tuple[bytes, object]:
        return next(requests), None

    def is_right(status: int, _body: bytes, _expected: object) -> bool:
        return status == 200

    try:
        return await load.run(stage.address, plan, make, is_right)
    except ExceptionGroup as faults:
        raise WrongAnswer(str(faults.exceptions[0])) from None
