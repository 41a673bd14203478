"""`manage.py repo`: whom it means, what it prints, how it ends."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from protocol import car, mst
from repos.commits import group_commit, writes
from repos.models import Record, Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from tests.factories import open_account

pytestmark = pytest.mark.django_db(transaction=True)

THING = "com.example.thing"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path):
    settings.DATA_DIR = tmp_path
    yield tmp_path
    long_reads.close_idle()


@pytest.fixture
def repo(ash) -> RepoRow:
    made = repos.find_repo(ash, open_account(ash).did)
    batch = [writes.create(THING, f"k{n}", {"n": n}) for n in range(20)]
    group_commit.apply_writes(made, batch)
    return repos.find_repo(ash, made.did)


def damage(repo: RepoRow) -> None:
    Record.objects.filter(repo_id=repo.id, rkey="k3").delete()


def test_a_check_that_finds_nothing_ends_well(repo: RepoRow, capsys) -> None:
    call_command("repo", "check", repo.did)
    assert capsys.readouterr().out == ""


def test_a_check_that_finds_damage_says_what_and_fails(repo: RepoRow, capsys) -> None:
    damage(repo)
    with pytest.raises(CommandError, match="1 of 1 repos are damaged"):
        call_command("repo", "check", repo.did)
    assert f"{repo.did}: 19 records, counted as 20" in capsys.readouterr().out


def test_all_means_everybody_and_host_only_its_own(repo: RepoRow, birch, capsys) -> None:
    damage(repo)
    open_account(birch)
    with pytest.raises(CommandError, match="1 of 2"):
        call_command("repo", "check", "--all")
    call_command("repo", "check", "--all", "--host", "birch.localhost")


def test_nobody_or_two_ways_of_naming_are_refused(repo: RepoRow) -> None:
    with pytest.raises(CommandError, match="no such account"):
        call_command("repo", "check", "nobody.test")
    with pytest.raises(CommandError, match="Name one account"):
        call_command("repo", "check")
    with pytest.raises(CommandError, match="Name one account"):
        call_command("repo", "check", repo.did, "--all")


def test_a_rebuild_repairs(repo: RepoRow) -> None:
    damage(repo)
    call_command("repo", "rebuild", repo.did)
    call_command("repo", "check", repo.did)


def test_what_was_exported_comes_back_by_import(repo: RepoRow, folder: Path) -> None:
    file = folder / "alice.car"
    call_command("repo", "export", repo.did, car=file)
    group_commit.apply_writes(repo, [writes.delete(THING, f"k{n}") for n in range(20)])
    call_command("repo", "import", repo.did, car=file)
    now = Repo.objects.get(pk=repo.id)
    assert (bytes(now.data), now.record_count) == (repo_root(file), 20)
    assert list((folder / "imports").iterdir()) == []


def repo_root(file: Path) -> bytes:
    read = car.read(file.read_bytes())
    keys = [(f"{THING}/k{n}".encode(), None) for n in range(20)]
    nodes = [cid for cid in read.blocks if cid != read.roots[0]]
    for cid in nodes:
        try:
            if len(mst.verify(cid, read.blocks)) == len(keys):
                return cid
        except (mst.MstError, KeyError):
            continue
    raise AssertionError("the export has no tree of twenty records")


def test_an_export_of_all_is_a_file_each(repo: RepoRow, folder: Path, ash) -> None:
    open_account(ash)
    call_command("repo", "export", "--all", car=folder / "cars")
    assert len(list((folder / "cars").glob("did_plc_*.car"))) == 2


def test_a_car_that_is_none_is_a_finding(repo: RepoRow, folder: Path, capsys) -> None:
    (folder / "bad.car").write_bytes(b"nonsense")
    with pytest.raises(CommandError):
        call_command("repo", "import", repo.did, car=folder / "bad.car")
    assert "Could not read the CAR" in capsys.readouterr().out


def test_progress_goes_to_stderr(repo: RepoRow, capsys) -> None:
    call_command("repo", "check", repo.did)
    assert "1/1" in capsys.readouterr().err
