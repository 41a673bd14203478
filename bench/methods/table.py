"""The result as Markdown: a row for each method, medians of its runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from bench.methods.measure import Figures

FLOOR: Final = 1.2  # times the reference's rate; below it a method is marked
HEADING: Final = """\
| method | statements | CPU ms a call: web + Postgres + others | reference | p50 alone, ms | \
reference | p50 at 16, ms | reference | calls/s at 16 | reference | times |
|---|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(slots=True)
class Row:
    """All runs of a method by server; `refusals` tells why there are none."""

    nsid: str
    runs: dict[str, list[Figures]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    statements: int | None = None

    @property
    def times(self) -> float | None:
        """How many times the reference's rate at 16 clients; None without both."""
        if not {"grove", "reference"} <= self.runs.keys():
            return None
        return self._middle("grove", _rate) / self._middle("reference", _rate)

    def line(self) -> str:
        cells = [self.nsid, "-" if self.statements is None else str(self.statements)]
        cells += [self._split("grove"), self._split("reference")]
        for figure in (lambda run: run.p50_alone_ms, lambda run: run.p50_ms, _rate):
            cells += [self._shown(name, figure) for name in ("grove", "reference")]
        return f"| {' | '.join([*cells, self._times()])} |"

    def _times(self) -> str:
        said = [f"{name}: {why}" for name, why in self.refusals.items()]
        if (times := self.times) is not None:
            said.insert(0, f"{times:.2f}" + (f" (below {FLOOR})" if times < FLOOR else ""))
        return "; ".join(said) or "-"

    def _shown(self, server: str, figure: Callable[[Figures], float]) -> str:
        return f"{self._middle(server, figure):.3g}" if server in self.runs else "-"

    def _middle(self, server: str, figure: Callable[[Figures], float]) -> float:
        return median(map(figure, self.runs[server]))

    def _split(self, server: str) -> str:
        """CPU by kind of process; the reference is one."""
        if server not in self.runs:
            return "-"
        names = self.runs[server][0].cpu_ms
        each = {
            name: median(run.cpu_ms.get(name, 0.0) for run in self.runs[server]) for name in names
        }
        if server == "reference":
            return f"{sum(each.values()):.2f}"
        web = sum(used for name, used in each.items() if name.startswith("web"))
        postgres = each.get("postgres", 0.0)
        rest = sum(each.values()) - web - postgres
        return f"{web:.2f} + {postgres:.2f} + {rest:.2f}"


def _rate(run: Figures) -> float:
    return run.per_s


def summary(rows: Sequence[Row]) -> str:
    """Which methods are below the floor, and which could not be measured."""
    slow = [row.nsid for row in rows if row.times is not None and row.times < FLOOR]
    failed = [row.nsid for row in rows if "grove" in row.refusals]
    lines = [f"Below {FLOOR} times the reference: {', '.join(slow) or 'none'}."]
    return "\n".join([*lines, f"Not answered here: {', '.join(failed)}."] if failed else lines)
