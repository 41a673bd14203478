"""Bundled documents are found by NSID, read once, and never import their package."""

import subprocess
import sys
from pathlib import Path

import pytest

import protocol
from protocol.lexicon.documents import Documents, bundled_nsids, read_bundled


def test_a_document_is_found_by_its_nsid() -> None:
    document = read_bundled("com.atproto.repo.strongRef")
    assert document is not None
    assert document["id"] == "com.atproto.repo.strongRef"


def test_every_bundled_document_is_found_by_its_nsid() -> None:
    nsids = bundled_nsids()
    assert len(nsids) > 500
    assert [nsid for nsid in nsids if read_bundled(nsid) is None] == []


@pytest.mark.parametrize(
    "nsid", ["", ".", "a", "..", "../com", "com.example.nobody", "com.atproto.repo", "a.b/c.d"]
)
def test_other_names_find_nothing(nsid: str) -> None:
    assert read_bundled(nsid) is None


def test_a_document_is_read_once() -> None:
    documents = Documents()
    first = documents.find("com.atproto.repo.strongRef")
    assert first is not None
    assert documents.find("com.atproto.repo.strongRef") is first


def test_the_package_that_carries_the_documents_is_not_imported() -> None:
    source = (
        "import sys; from protocol.lexicon import catalog; "
        "assert catalog().record('app.bsky.feed.post'); assert 'lexrpc' not in sys.modules"
    )
    root = Path(protocol.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", source], cwd=root, check=False).returncode == 0
