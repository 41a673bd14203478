"""CPU seconds and memory of process trees, from /proc (proc(5)): what a server costs."""

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
Groups = Mapping[str, int]  # a name for each root process; its children count with it


def cpu_s(groups: Groups) -> dict[str, float]:
    """CPU seconds used so far, by group, of children that ended too."""
    parents, used = _processes()
    return {name: sum(used[pid] for pid in _tree(parents, root)) for name, root in groups.items()}


def memory_mb(groups: Groups) -> dict[str, float]:
    """PSS by group, in millions of bytes: memory that is shared counts once."""
    parents, _ = _processes()
    return {
        name: sum(_pss_bytes(pid) for pid in _tree(parents, root)) / 1e6
        for name, root in groups.items()
    }


def machine_busy_s() -> float:
    """CPU seconds that the whole machine has spent on anything."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields[:8]) - idle - waiting) / _TICKS_PER_S


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """The parent and the CPU seconds of every process."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        fields = text.rpartition(")")[2].split()
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = sum(int(field) for field in fields[11:15]) / _TICKS_PER_S
    return parents, used


def _tree(parents: Mapping[int, int], root: int) -> list[int]:
    found = [root] if root in parents else []
    for pid in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _pss_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
