"""An account with a picture and three records, without a broker."""

from pathlib import Path

import pytest

from repos.commits import group_commit, writes
from repos.reads.repos import RepoRow
from tests.unit.repos.account_transfer.archives import THING
from tests.unit.repos.blobs.uploads import put, upload


@pytest.fixture(autouse=True)
def no_broker(settings, folder: Path) -> None:
    settings.VALKEY_URL = ""


@pytest.fixture
def lived_in(repo: RepoRow) -> RepoRow:
    """A repo in which somebody wrote."""
    put(repo, "picture", upload(repo, b"a picture", "image/png"))
    group_commit.apply_writes(
        repo, [writes.create(THING, f"k{n}", {"n": n}, None) for n in range(2)]
    )
    return repo
