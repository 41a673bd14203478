"""What documents and docstrings point at: links, headings, dotted names and paths of ours."""

import ast
import re
from functools import cache
from pathlib import Path

from protocol.lexicon import catalog
from tests.house.packages import PACKAGES, ROOT

_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TICKED = re.compile(r"`([^`\n]+)`")
_DOTTED = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
_ROOTS = (*PACKAGES, "docs", "tests", "bench", "deploy", "templates", "static", "locale")
_BASES = ("", "templates/")  # templates are named as Django loads them
_PATH = re.compile(rf"(?:{'|'.join(_ROOTS)})/[\w./*-]*")
# Outside of backticks a path is one that ends like a file.
_FILE = re.compile(rf"(?<![\w./-])(?:{'|'.join(_ROOTS)})/[\w./-]+\.(?:py|md|sql|html|txt|json)\b")

# `docs/operators/install.md ("Processes")`, on one line or two.
_SECTION = re.compile(r'(docs/[\w/-]+\.md)[,\s]+(?:#\s*)?\(?"([^"]+)"')


def dead_links(document: Path) -> list[str]:
    """Relative links of a document that lead to no file, or to no heading of one."""
    links = _LINK.findall(_FENCED.sub("", document.read_text()))
    return [each for each in links if ":" not in each and not _leads_somewhere(document, each)]


def _leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists():
        return False
    return not anchor or anchor in {_slug(each) for each in headings(target)}


def headings(document: Path) -> list[str]:
    """The headings of a document, without their signs."""
    return re.findall(r"^#+ (.+)$", _FENCED.sub("", document.read_text()), re.MULTILINE)


def _slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def missing_sections(text: str) -> list[str]:
    """Headings that a text names, in quotes after the document, and that stand in no such place."""
    named = _SECTION.findall(_FENCED.sub("", text))
    return [f"{path}: {each}" for path, each in named if each not in headings(ROOT / path)]


def missing_names(text: str) -> list[str]:
    """Names and paths of ours in backticks, and paths of files anywhere, that do not exist."""
    plain = _FENCED.sub("", text)
    ticked = [each.removesuffix("()") for each in _TICKED.findall(plain)]
    paths = {each for each in ticked if _PATH.fullmatch(each)} | set(_FILE.findall(plain))
    names = {each for each in ticked if _DOTTED.fullmatch(each)}
    return sorted(
        [each for each in paths if not _exists(each)]
        + [each for each in names if not (_is_file(each) or _is_defined(each) or _is_foreign(each))]
    )


def _exists(path: str) -> bool:
    """A file, a folder, a module without its ending, or a pattern that fits something."""
    patterns = (f"{folder}{path.rstrip('/')}{end}" for folder in _BASES for end in ("", ".py"))
    return any(any(ROOT.glob(pattern)) for pattern in patterns)


def _is_file(name: str) -> bool:
    """`protocol.md` is a document and no module of a package."""
    return name.endswith((".md", ".po"))


@cache
def _is_defined(dotted: str) -> bool:
    """A package, a module, or something that a module defines or imports."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        if place.is_dir() and count == len(parts):
            return True
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return set(parts[count:]) <= _defined_in(file)
    return False


@cache
def _defined_in(file: Path) -> set[str]:
    """Names of classes, functions, methods, variables and imports of a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).rpartition(".")[2])
    return found


def _is_foreign(dotted: str) -> bool:
    """A name of the protocol: a subprotocol, or `server.createAccount` of com.atproto."""
    return dotted == "xrpc.v1.json" or catalog().method(f"com.atproto.{dotted}") is not None
