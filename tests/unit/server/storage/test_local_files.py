import os
import shutil
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from server.storage.local_files import DurableFiles


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced, by the name it had, in order."""
    names: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        names.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return names


def test_a_file_is_synced_then_every_folder_that_leads_to_it(
    tmp_path: Path, synced: list[str]
) -> None:
    storage = DurableFiles(str(tmp_path))
    assert storage.save("a/b/file", ContentFile(b"hello")) == "a/b/file"
    paths = [tmp_path / "a/b/file", tmp_path / "a/b", tmp_path / "a", tmp_path]
    assert synced == [str(path) for path in paths]
    assert (tmp_path / "a/b/file").read_bytes() == b"hello"


def test_folders_that_were_synced_once_are_not_again_until_they_are_made_anew(
    tmp_path: Path, synced: list[str]
) -> None:
    storage = DurableFiles(str(tmp_path))
    storage.save("a/b/first", ContentFile(b"hello"))
    del synced[:]
    storage.save("a/b/second", ContentFile(b"hello"))
    assert synced == [str(tmp_path / "a/b/second"), str(tmp_path / "a/b")]
    shutil.rmtree(tmp_path / "a")
    storage.save("a/b/third", ContentFile(b"hello"))
    assert synced[-2:] == [str(tmp_path / "a"), str(tmp_path)]


def test_a_long_file_is_written_whole_and_no_name_twice(tmp_path: Path) -> None:
    storage, whole = DurableFiles(str(tmp_path)), bytes(range(256)) * 10_000
    storage.save("file", ContentFile(whole))
    assert (tmp_path / "file").read_bytes() == whole
    with pytest.raises(FileExistsError):
        storage.save("file", ContentFile(b"other"))
    assert (tmp_path / "file").read_bytes() == whole


def test_a_failed_sync_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        DurableFiles(str(tmp_path)).save("file", ContentFile(b"hello"))
