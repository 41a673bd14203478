"""What processes and stores hold at a moment, for runs that look for leaks.

A process with its children: memory of their own (USS), threads, open files, sockets. The stores:
rows of each table, connections to Postgres, keys and memory of Valkey, files in the data folder.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil

_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
"""
_OF_OTHERS = ("postgres", "valkey")  # folders of the data folder


@dataclass(frozen=True)
class Held:
    """By a process and its children."""

    mb: float
    processes: int
    threads: int
    files: int
    sockets: int


NAMES = ("MB", "processes", "threads", "files", "sockets")


def of_process(pid: int) -> Held | None:
    """What a process and its children hold; None when one has just ended."""
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
        return Held(
            sum(each.memory_full_info().uss for each in family) / 1e6,
            len(family),
            sum(each.num_threads() for each in family),
            sum(each.num_fds() for each in family),
            sum(_sockets(each.pid) for each in family),
        )
    except (psutil.Error, OSError):
        return None


def by_tenths(found: Sequence[Held]) -> dict[str, list[float]]:
    """The median of each tenth of the time, by the names of what is held."""
    step = max(1, len(found) // 10)
    tenths = [found[at : at + step] for at in range(0, step * 10, step) if found[at : at + step]]
    middle = [
        [sorted(column)[len(column) // 2] for column in zip(*map(astuple, tenth), strict=True)]
        for tenth in tenths
    ]
    return {name: [row[place] for row in middle] for place, name in enumerate(NAMES)}


def rows() -> dict[str, int]:
    """Rows of each table that has any."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{n}', count(*) FROM \"{n}\"" for n in names))
        return {name: count for name, count in cursor.fetchall() if count}


def stores() -> dict[str, int]:
    """Connections, keys, bytes and files."""
    from django.db import connection  # noqa: PLC0415

    from server.cache.shared import valkey_client  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'client%'")
        (connections,) = cursor.fetchone()
        cursor.execute("SELECT pg_database_size(current_database()) / 1000000")
        (size,) = cursor.fetchone()
    valkey = valkey_client()
    return {
        "database MB": size,
        "connections": connections,
        "Valkey keys": valkey.dbsize(),
        "Valkey MB": valkey.info("memory")["used_memory"] // 1_000_000,
        "files": _files(Path(os.environ["GROVE_DATA"])),
    }


def _sockets(pid: int) -> int:
    kinds: Counter[str] = Counter()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            kinds[each.readlink().name.partition(":")[0]] += 1
        except OSError:  # closed by now
            continue
    return kinds["socket"]


def _files(folder: Path) -> int:
    return sum(
        len(names)
        for root, _, names in os.walk(folder)
        if not set(Path(root).relative_to(folder).parts) & set(_OF_OTHERS)
    )
