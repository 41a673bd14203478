"""The results as Markdown, ready for RESULTS.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.compare.scenarios import Outcome, Scenario

NOISY_SHARE = 0.3  # of a core used by others: such a run says little


@dataclass(slots=True)
class Row:
    """All runs of one scenario, by server."""

    scenario: Scenario
    runs: dict[str, list[Outcome]] = field(default_factory=dict)
    failure: str = ""

    def ratio(self) -> float | None:
        """How many times better Grove is, by medians; None without both servers."""
        if self.failure or not {"grove", "reference"} <= self.runs.keys():
            return None
        grove, reference = (median(_values(self.runs[name])) for name in ("grove", "reference"))
        return reference / grove if self.scenario.is_lower_better else grove / reference


def heading(servers: Sequence[str]) -> str:
    """The first two lines."""
    names = [*servers, *(f"{name} p50 / p99 ms" for name in servers), "times", "floor", "others"]
    return f"| scenario | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}"


def line(row: Row, servers: Sequence[str]) -> str:
    """One scenario: medians with their spread, latencies, the ratio, and what others used of a
    core meanwhile at most."""
    runs = [row.runs.get(name, []) for name in servers]
    cells = [_figure(outcomes) for outcomes in runs] + [_latency(outcomes) for outcomes in runs]
    ratio, floor = row.ratio(), row.scenario.floor
    shares = [run.cost.others_share for outcomes in runs for run in outcomes if run.cost]
    busiest = max(shares, default=0.0)
    cells += [
        f"{ratio:.1f}" if ratio else f"FAILED: {row.failure}" if row.failure else "-",
        f"{floor:g}" if floor else "-",
        f"{busiest:.0%}" + (" (noisy)" if busiest > NOISY_SHARE else ""),
    ]
    return f"| {row.scenario.name} | {' | '.join(cells)} |"


def costs(rows: Iterable[Row]) -> str:
    """CPU milliseconds per piece of work, by process."""
    lines = ["| scenario | CPU ms each, by process |", "|---|---|"]
    for row in rows:
        for name, outcomes in row.runs.items():
            if split := _split(outcomes):
                lines.append(f"| {row.scenario.name}, {name} | {split} |")
    return "\n".join(lines) + "\n"


def memory(peaks: Mapping[str, Mapping[str, float]]) -> str:
    """The largest PSS seen after a run, by process."""
    lines = ["| server | memory of all processes, MB | of which |", "|---|---|---|"]
    for server, groups in peaks.items():
        split = ", ".join(f"{name} {size:.0f}" for name, size in groups.items())
        lines.append(f"| {server} | {sum(groups.values()):.0f} | {split} |")
    return "\n".join(lines) + "\n"


def _figure(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "-"
    values = _values(outcomes)
    spread = f" ({min(values):.4g}..{max(values):.4g})" if len(values) > 1 else ""
    return f"{median(values):.4g} {outcomes[0].unit}{spread}"


def _latency(outcomes: Sequence[Outcome]) -> str:
    p50s = [run.p50_ms for run in outcomes if run.p50_ms is not None]
    p99s = [run.p99_ms for run in outcomes if run.p99_ms is not None]
    return f"{median(p50s):.3g} / {median(p99s):.3g}" if p50s and p99s else "-"


def _split(outcomes: Sequence[Outcome]) -> str:
    names = outcomes[0].cpu_ms
    each = {name: median(run.cpu_ms.get(name, 0.0) for run in outcomes) for name in names}
    shown = [f"{name} {used:.3g}" for name, used in each.items() if used >= 0.001]
    return f"{sum(each.values()):.3g} = {' + '.join(shown)}" if shown else ""


def _values(outcomes: Sequence[Outcome]) -> list[float]:
    return [outcome.value for outcome in outcomes]
