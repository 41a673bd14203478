"""The documents' fenced blocks, for the tests that run what is written there."""

import re

from tests.house.packages import ROOT

_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def text(name: str) -> str:
    """A document, or all of a folder, one after the other."""
    place = ROOT / name
    files = sorted(place.glob("*.md")) if place.is_dir() else [place]
    return "\n".join(file.read_text() for file in files)


def blocks(name: str) -> list[str]:
    """The fenced blocks of a document, in order, without their indentation's common part."""
    return [_dedented(block) for _, block in _BLOCK.findall(text(name))]


def block(name: str, words: str) -> str:
    """The one block of a document with these words in it."""
    (found,) = [each for each in blocks(name) if words in each]
    return found


def _dedented(text: str) -> str:
    lines = text.splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines)
