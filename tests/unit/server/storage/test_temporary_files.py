"""Temporary files lie in the data folder, without names, and obey the floor of free disk space."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from server.storage import free_space
from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "data"


def test_a_file_lies_in_the_data_folder_and_has_no_name(data: Path) -> None:
    with TemporaryFile() as file:
        file.write(b"what was written")
        file.seek(0)
        assert file.read() == b"what was written"
        link = Path(f"/proc/self/fd/{file.fileno()}").readlink()
        assert link.is_relative_to(data / "temporary")
        assert not list((data / "temporary").iterdir())


def test_the_folder_is_for_its_user_alone(data: Path) -> None:
    TemporaryFile().close()
    assert (data / "temporary").stat().st_mode & 0o777 == 0o700


def test_what_is_written_together_is_one_look_at_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(free_space, "check_disk", looked.append)
    with TemporaryFile() as file:
        file.writelines([b"many", b"small", memoryview(b"pieces")])
        assert looked == [file.fileno()]
        file.seek(0)
        assert file.read() == b"manysmallpieces"


@pytest.mark.parametrize("write", ["write", "writelines"])
def test_below_the_floor_nothing_is_written(settings: Settings, write: str) -> None:
    with TemporaryFile() as file:
        file.write(b"before")
        settings.FREE_SPACE_BYTES = 2**62
        with pytest.raises(InsufficientStorage):
            getattr(file, write)(b"" if write == "write" else [b"after"])
        assert file.tell() == len(b"before")
