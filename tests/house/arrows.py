"""docs/arrows.svg: what imports what, drawn from the import linter's data. `make arrows`.

A band for each package of the stack, a box for each of its entries, on floors: an entry stands
above whatever it imports. Arrows that follow from others are left out.
"""

import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter

import grimp

from tests.house.packages import PACKAGES

Arrows = dict[str, set[str]]  # an entry, and the entries of the same package that it imports
Places = dict[str, tuple[float, float, float]]  # left, top and width of an entry's box

LEFT_OUT = {"migrations", "management", "apps"}
WIDTH, MARGIN, BOX, FLOOR, TITLE, GAP = 1080, 16, 24, 66, 34, 14
LETTER = 7.2  # the width of one, about, at 12 pixels


def sibling_arrows(graph: grimp.ImportGraph, package: str) -> Arrows:
    """Which entry of a package imports which other one, from anywhere inside it."""
    entries = {child for child in graph.find_children(package) if _name(child) not in LEFT_OUT}
    inside = {child: {child, *graph.find_descendants(child)} for child in entries}
    owner = {module: child for child, modules in inside.items() for module in modules}
    return {
        child: {
            owner[other]
            for module in modules
            for other in graph.find_modules_directly_imported_by(module)
            if owner.get(other, child) != child
        }
        for child, modules in inside.items()
    }


def floors(arrows: Arrows) -> dict[str, int]:
    """How high each entry stands: 0 on the ground, else one above the highest that it imports."""
    heights: dict[str, int] = {}
    for entry in TopologicalSorter(arrows).static_order():
        heights[entry] = max((heights[below] + 1 for below in arrows[entry]), default=0)
    return heights


def reduced(arrows: Arrows) -> Arrows:
    """Without the arrows that a way over other entries makes needless."""
    reached: Arrows = {}
    for entry in TopologicalSorter(arrows).static_order():
        reached[entry] = arrows[entry].union(*(reached[below] for below in arrows[entry]))
    return {
        entry: below - {far for near in below for far in reached[near]}
        for entry, below in arrows.items()
    }


def render() -> str:
    """The picture, the highest package on top."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    parts: list[str] = []
    top = float(MARGIN)
    for package in reversed(PACKAGES):
        arrows = sibling_arrows(graph, package)
        height = TITLE + FLOOR * (1 + max(floors(arrows).values())) - (FLOOR - BOX) + GAP
        parts += _band(package, arrows, top, height)
        top += height + GAP
    return "\n".join([*_head(top), *parts, "</svg>\n"])


def _band(package: str, arrows: Arrows, top: float, height: float) -> Iterator[str]:
    yield f'<rect class="band" x="{MARGIN}" y="{top:g}" width="{WIDTH}" height="{height:g}"/>'
    yield f'<text class="title" x="{MARGIN + 12}" y="{top + 22:g}">{package}/</text>'
    places = _places(floors(arrows), top + height - GAP - BOX)
    for entry, below in sorted(reduced(arrows).items()):
        yield from (_arrow(places[entry], places[other]) for other in sorted(below))
    for entry, place in sorted(places.items()):
        yield _box(_name(entry), place)


def _places(heights: dict[str, int], ground: float) -> Places:
    """Boxes of a floor side by side, in the middle, in the order of the alphabet."""
    places: Places = {}
    for height in set(heights.values()):
        row = sorted(entry for entry in heights if heights[entry] == height)
        widths = [LETTER * len(_name(entry)) + 20 for entry in row]
        space = (WIDTH - sum(widths)) / (len(row) + 1)
        left = MARGIN + space
        for entry, width in zip(row, widths, strict=True):
            places[entry] = (left, ground - FLOOR * height, width)
            left += width + space
    return places


def _box(name: str, place: tuple[float, float, float]) -> str:
    left, top, width = place
    return (
        f'<rect class="box" x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{BOX}"/>'
        f'<text x="{left + width / 2:.0f}" y="{top + 16:.0f}">{name}</text>'
    )


def _arrow(upper: tuple[float, float, float], lower: tuple[float, float, float]) -> str:
    start, end = upper[0] + upper[2] / 2, lower[0] + lower[2] / 2
    low, high = upper[1] + BOX, lower[1] - 2
    bend = (high - low) / 2
    return (
        f'<path d="M{start:.0f} {low:.0f}C{start:.0f} {low + bend:.0f}'
        f' {end:.0f} {high - bend:.0f} {end:.0f} {high:.0f}"/>'
    )


def _head(height: float) -> Iterator[str]:
    width = WIDTH + 2 * MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}"'
        ' font-family="sans-serif" font-size="12" text-anchor="middle">'
    )
    yield "<title>Each package imports those below it, each entry along its arrows</title>"
    yield (
        "<style>.band{fill:#f4f7f4;stroke:#c5d3c7}.box{fill:#fff;stroke:#2f6b4f;rx:4px}"
        ".title{font-size:15px;font-weight:bold;text-anchor:start}"
        "path{fill:none;stroke:#8aa394;marker-end:url(#tip)}</style>"
    )
    yield (
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><polygon points="0,0 8,4 0,8" fill="#8aa394"/></marker>'
    )
    yield '<rect width="100%" height="100%" fill="#fff"/>'


def _name(entry: str) -> str:
    return entry.rpartition(".")[2]


if __name__ == "__main__":
    sys.stdout.write(render())
