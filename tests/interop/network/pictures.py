"""Small PNG pictures, drawn by arithmetic: hills under a sky, a leaf."""

import struct
import zlib
from collections.abc import Callable
from math import cos, hypot, sin

Colour = tuple[int, int, int]


def png(width: int, height: int, colour_at: Callable[[float, float], Colour]) -> bytes:
    """A picture; `colour_at` gets x and y from 0 to 1."""
    rows = b"".join(
        b"\0" + b"".join(bytes(colour_at(x / width, y / height)) for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def hills(sky: Colour, land: Colour, phase: float) -> bytes:
    """Two rows of hills under a sky with a sun."""

    def colour_at(x: float, y: float) -> Colour:
        far = 0.55 + 0.07 * sin(9 * x + phase)
        near = 0.72 + 0.09 * sin(6 * x + 2 * phase)
        if y > near:
            return land
        if y > far:
            return _mixed(sky, land, 0.6)
        if hypot((x - 0.72) * 1.6, y - 0.25) < 0.09:
            return (255, 236, 179)
        return _mixed((255, 250, 240), sky, 1 - y)

    return png(480, 300, colour_at)


def leaf(ground: Colour, green: Colour) -> bytes:
    """A leaf with its vein, for a profile."""

    def colour_at(x: float, y: float) -> Colour:
        along, across = x + y - 1, x - y
        if abs(across) < 0.02 and abs(along) < 0.75:
            return ground
        return green if abs(across) < 0.33 * cos(along * 2.1) and abs(along) < 0.7 else ground

    return png(160, 160, colour_at)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
