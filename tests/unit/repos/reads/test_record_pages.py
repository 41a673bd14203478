"""Pages of large records; what pages hold otherwise is in test_reads."""

import json
from types import SimpleNamespace

import pytest

from hosting.models import Host
from repos.commits import group_commit, writes
from repos.models import Record
from repos.reads import record_pages
from repos.reads.rendered_records import RenderedRecords
from repos.reads.repos import RepoRow

THING = "com.example.thing"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_pages, "RENDERED", RenderedRecords())


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_pages, "MAX_LARGE_BYTES", 60_000)


def fill(repo: RepoRow, *sizes: int) -> None:
    batch = [
        writes.create(THING, f"k{number}", {"text": "x" * size})
        for number, size in enumerate(sizes)
    ]
    group_commit.apply_writes(repo, batch)


def page(host: Host, repo: RepoRow, cursor: str | None = None) -> tuple[list[int], str | None]:
    """The sizes of a page's texts, oldest first, and its cursor."""
    text = record_pages.list_records(host, repo.did, THING, 100, cursor, True)
    answer = json.loads(text)
    sizes = [len(record["value"]["text"]) for record in answer["records"]]
    return sizes, answer.get("cursor")


def test_large_and_small_records_come_in_order(ash: Host, repo: RepoRow) -> None:
    fill(repo, 10, 40_000, 20, 50_000, 30)
    assert page(ash, repo) == ([10, 40_000, 20, 50_000, 30], "k4")


@pytest.mark.usefixtures("small_pages")
def test_a_page_ends_early_where_it_would_grow_too_big(ash: Host, repo: RepoRow) -> None:
    fill(repo, 40_000, 40_000, 10, 40_000, 20)
    assert page(ash, repo) == ([40_000, 40_000, 10], "k2")


@pytest.mark.usefixtures("small_pages")
def test_the_next_page_goes_on_where_one_ended_early(ash: Host, repo: RepoRow) -> None:
    fill(repo, 40_000, 40_000, 10, 40_000, 20)
    _sizes, cursor = page(ash, repo)
    assert page(ash, repo, cursor) == ([40_000, 20], "k4")


def test_a_value_that_is_no_ascii_is_itself(ash: Host, repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create(THING, "k", {"text": "żółw"})])
    listed = json.loads(record_pages.list_records(ash, repo.did, THING))["records"]
    assert listed[0]["value"] == {"$type": THING, "text": "żółw"}


@pytest.mark.parametrize("size", [10, 40_000])
def test_what_changes_while_a_page_is_made_is_left_out(
    ash: Host, repo: RepoRow, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repo, size, size, size)
    statement = "_VALUES" if size == 10 else "_LARGE"
    rows = getattr(record_pages, statement).rows

    def once_others_wrote(*params: bytes) -> list[tuple[bytes, ...]]:
        changes = [writes.delete(THING, "k0"), writes.put(THING, "k1", {"text": "another"})]
        if Record.objects.filter(repo_id=repo.id, rkey="k0").exists():
            group_commit.apply_writes(repo, changes)
        return rows(*params)

    monkeypatch.setattr(record_pages, statement, SimpleNamespace(rows=once_others_wrote))
    assert page(ash, repo) == ([size], "k2")


def test_a_page_of_known_records_and_of_others_is_in_order(ash: Host, repo: RepoRow) -> None:
    fill(repo, 1, 2, 40_000, 3)
    page(ash, repo)
    group_commit.apply_writes(repo, [writes.put(THING, "k1", {"text": "x" * 5})])
    assert page(ash, repo) == ([1, 5, 40_000, 3], "k3")
