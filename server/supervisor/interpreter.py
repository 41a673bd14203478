"""The interpreter: whether this Python was built for speed, and how slow it is if not.

One built without profile-guided optimisation, as a plain `configure && make` or pyenv does it, runs
pure Python some 1.4 times slower. Most builds say in their configuration that they were optimised;
of distributions it is known. The others are measured for 20 ms, once for each build and data
folder. `python -m server.supervisor.interpreter` tells the Makefile which of several to take; it
runs on whatever Python is asked, so only the standard library is imported.
"""

import json
import sys
import sysconfig
import time
import zlib
from collections.abc import Callable
from pathlib import Path

SLOW = 1.3  # times as slow as Debian's 3.11; plain builds have 1.2 (3.13), 1.4 (3.11), 1.8 (3.12)
_PROBE_NS = 20_000_000  # of CPU
_QUICK_RATIO = 13.2  # of the interpreter's time to zlib's, with Debian's 3.11
_TEXT = bytes(n * n % 251 for n in range(2048))
_PACKER = zlib.compressobj(1)
_VERSIONS = ((3, 11), (3, 12), (3, 13))
_ADVICE = (
    "This Python ({where}) was built without optimisation and runs about {slowness:.1f} times"
    " slower than need be: docs/operators/install.md, The interpreter."
)


def caution(data: Path) -> str | None:
    """What an operator should know about this interpreter; None when it is as quick as others.

    The measurement is kept in the data folder's `run/`.
    """
    if is_optimised():
        return None
    slowness = _kept_slowness(data / "run" / "interpreter.json")
    return _ADVICE.format(where=sys.base_prefix, slowness=slowness) if slowness > SLOW else None


def is_optimised() -> bool:
    """Whether the build says so, or is a distribution's, which all do it (some without saying)."""
    built_with = (
        f"{sysconfig.get_config_var('CONFIG_ARGS')} {sysconfig.get_config_var('PY_CFLAGS')}"
    )
    signs = ("--enable-optimizations", "-fprofile-use", "-fprofile-instr-use")
    return sys.base_prefix == "/usr" or any(sign in built_with for sign in signs)


def measured_slowness() -> float:
    """How many times slower than Debian's 3.11 the interpreter is, held against zlib, which is the
    same for all: so what else the machine does and is counts little."""
    quickest, reference = _nanoseconds(_interpret), _nanoseconds(_compress)
    ends_at = time.thread_time_ns() + _PROBE_NS
    while time.thread_time_ns() < ends_at:  # some eighty times, in turns
        quickest = min(quickest, _nanoseconds(_interpret))
        reference = min(reference, _nanoseconds(_compress))
    return quickest / reference / _QUICK_RATIO


def _kept_slowness(note: Path) -> float:
    build = f"{sys.base_prefix} {sys.version} {_QUICK_RATIO}"  # measured by another one: anew
    try:
        kept = json.loads(note.read_text())  # noqa: TID251 - our own
        if kept["build"] == build:
            return float(kept["slowness"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    slowness = measured_slowness()
    note.write_text(json.dumps({"build": build, "slowness": round(slowness, 2)}))
    return slowness


class _Thing:
    def __init__(self, a: int, b: int) -> None:
        self.a = a
        self.b = b

    def total(self) -> int:
        return self.a + self.b


def _interpret() -> None:
    """An eighth of a millisecond of calls, objects, attributes, dicts and texts."""
    seen: dict[int, _Thing] = {}
    total = 0
    for n in range(500):
        thing = _Thing(n, n & 7)
        seen[n & 63] = thing
        total += thing.total()
        if f"{n}".startswith("1"):
            total -= seen[n & 63].b


def _compress() -> None:
    """A hundredth of a millisecond of C, in memory that is held: to get it anew takes five times as
    long in a young process as in one that has loaded much."""
    _PACKER.compress(_TEXT)
    _PACKER.flush(zlib.Z_FULL_FLUSH)


def _nanoseconds(work: Callable[[], None]) -> int:
    begun = time.thread_time_ns()
    work()
    return time.thread_time_ns() - begun


def main() -> int:
    """Say `optimised` or `plain`; 1 when no environment can be made of this Python."""
    if sys.version_info[:2] not in _VERSIONS:
        return 1
    try:
        __import__("ensurepip")
    except ImportError:  # Debian without python3-venv
        return 1
    sys.stdout.write("optimised\n" if is_optimised() else "plain\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
