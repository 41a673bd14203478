"""Every command in the documents is typed by a test, or somebody has said why not."""

import re
import subprocess

import pytest

from tests.house.documents import blocks, text
from tests.house.packages import ROOT

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/operators", "docs/network.md", "docs/tenants.md",
             "docs/moderators.md", "docs/scaling.md")  # fmt: skip
COMMAND = re.compile(r"manage\.py|curl|psql|pip install|\bmake (run|test)")
UNTYPED = {
    "make test     #": "it is what runs this",
    "TESTS=tests/": "the same, of one place",
    "db.example/grove": "needs a machine of that name; tests/concurrency give DATABASE_URL",
    "GROVE_S3_BUCKET=": "tests/unit/server/storage/test_s3.py runs against such a service",
    "GROVE_SMTP_URL=": "tests/unit/hosting/mail run against such a server",
    "host move-accounts pds": "tests/unit/provider/tenancy/test_host_renames.py moves a host",
    "host adopt pds-data": "tests/unit/provider/adoption adopt such a directory",
    "tenant restore acme": "tests/unit/provider/tenant_archive/test_restoring.py restores one",
    "tenant delete acme": "tests/unit/provider/tenancy/test_deletion.py deletes one",
    "unzip -p evidence-1.zip": "tests/unit/moderation/enforcement/legal verify one by joserfc",
}


def typed_words() -> set[str]:
    """The words by which tests name the block that they type."""
    files = (ROOT / "tests" / "house").glob("test_documented_*.py")
    calls = r'typed\(\s*\w+, "([^"]+)"|block\(\w+, "([^"]+)"'
    found = [match for file in files for match in re.findall(calls, file.read_text())]
    return {words for match in found for words in match if words}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_is_typed_by_a_test_or_accounted_for(document: str) -> None:
    known = typed_words() | UNTYPED.keys()
    commands = [each for each in blocks(document) if COMMAND.search(each)]
    assert [each for each in commands if not any(words in each for words in known)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_ours_names_its_interpreter(document: str) -> None:
    lines = [line.strip() for each in blocks(document) for line in each.splitlines()]
    assert [line for line in lines if line.startswith("manage.py")] == []


def test_no_document_names_one_version_of_python_in_a_path() -> None:
    assert [name for name in DOCUMENTS if "python3.11/" in text(name)] == []


def test_make_alone_prints_every_target_in_a_line() -> None:
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets is not None
    assert re.findall(r"^make ([a-z-]+) +\S", said, re.MULTILINE) == targets[1].split()
