"""What documents, docstrings and comments point at exists: links, headings, names, paths."""

from itertools import chain
from pathlib import Path

import pytest

from tests.house.packages import PACKAGES, ROOT, modules, shown
from tests.house.references import dead_links, missing_names, missing_sections


def documents() -> list[Path]:
    """Every document that people read."""
    folders = (ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("bench/*.md"))
    return sorted(chain(*folders))


def sources() -> list[Path]:
    """Every module of the product and of its tests."""
    files = (file for folder in (*PACKAGES, "tests", "bench") for file in modules(folder))
    return [file for file in files if file != Path(__file__)]  # it names what does not exist


@pytest.mark.parametrize("document", documents(), ids=shown)
def test_no_link_of_a_document_is_dead(document: Path) -> None:
    assert dead_links(document) == []


@pytest.mark.parametrize("document", documents(), ids=shown)
def test_names_in_a_document_exist(document: Path) -> None:
    assert missing_names(document.read_text()) == []


def test_names_in_docstrings_and_comments_exist() -> None:
    missing = {shown(file): missing_names(file.read_text()) for file in sources()}
    assert {file: names for file, names in missing.items() if names} == {}


def test_sections_that_documents_and_modules_name_exist() -> None:
    texts = (file.read_text() for file in [*documents(), *sources(), ROOT / "deploy" / "Caddyfile"])
    assert [missing for text in texts for missing in missing_sections(text)] == []


def test_a_section_of_no_document_would_be_noticed() -> None:
    assert missing_sections('see docs/glossary.md ("Nowhere").') == ["docs/glossary.md: Nowhere"]
    assert missing_sections('see docs/glossary.md ("Our own words").') == []


def test_a_dead_link_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n[a](page.md#a-page) [b](page.md#b) [c](no.md) [d](https://a.test)")
    assert dead_links(page) == ["page.md#b", "no.md"]


@pytest.mark.parametrize(
    "text",
    ["`protocol.cid.no_such_name`", "`repos.nowhere`", "`server/nowhere`", "(docs/nowhere.md)"],
)
def test_a_name_of_nothing_would_be_noticed(text: str) -> None:
    assert len(missing_names(text)) == 1


@pytest.mark.parametrize(
    "text",
    ["`protocol.cid.to_text()`", "`repos.models`", "`server/net`", "`server.createAccount`"],
)
def test_a_name_of_something_passes(text: str) -> None:
    assert missing_names(text) == []
