"""A slow interpreter is told of, measured once, and not taken where there is another one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from server.environment import ROOT
from server.supervisor import interpreter

SCRIPT = ROOT / "deploy" / "find-python.sh"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A build that says nothing; what measurements give, the last one for ever."""
    slownesses = [1.52, 1.05]
    monkeypatch.setattr(interpreter, "is_optimised", lambda: False)
    monkeypatch.setattr(interpreter, "measured_slowness", lambda: slownesses.pop(0))
    return slownesses


def test_a_build_that_says_it_is_optimised_is_not_measured(
    data: Path, measured: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "is_optimised", lambda: True)
    assert interpreter.caution(data) is None
    assert len(measured) == 2


def test_a_slow_one_is_measured_once_and_told_of_at_each_start(
    data: Path, measured: list[float]
) -> None:
    for _ in range(3):
        said = interpreter.caution(data)
        assert said is not None
        assert sys.base_prefix in said
        assert "about 1.5 times slower" in said
    assert measured == [1.05]


def test_a_quick_one_that_says_nothing_is_no_matter(data: Path, measured: list[float]) -> None:
    measured.pop(0)
    assert interpreter.caution(data) is None
    assert json.loads((data / "run" / "interpreter.json").read_text())["slowness"] == 1.05


@pytest.mark.parametrize("note", ["", "[]", "{", '{"build": "another", "slowness": 9}'])
def test_another_build_and_a_damaged_note_are_measured_anew(
    data: Path, measured: list[float], note: str
) -> None:
    (data / "run" / "interpreter.json").write_text(note)
    assert interpreter.caution(data) is not None
    assert measured == [1.05]


def test_this_interpreter_is_measured_in_its_own_time() -> None:
    assert 0.2 < interpreter.measured_slowness() < 20


def python(folder: Path, name: str, says: str) -> Path:
    """A program in the place of a Python: it says that, or fails where that is nothing."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {says}\n" if says else "#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return program


def found(*folders: Path) -> str:
    path = ":".join(map(str, folders))
    names = ["python3.11", "python3.12", "python3"]
    command = ["/bin/sh", str(SCRIPT), *names]
    return subprocess.check_output(command, env={"PATH": path}, cwd=ROOT, text=True).strip()


def test_make_takes_the_first_optimised_one(tmp_path: Path) -> None:
    plain, optimised = tmp_path / "plain", tmp_path / "optimised"
    python(plain, "python3.11", "plain")
    python(plain, "python3.12", "")
    expected = python(optimised, "python3.12", "optimised")
    python(optimised, "python3", "optimised")
    assert found(plain, optimised) == str(expected)


def test_make_takes_the_first_that_works_where_none_is_optimised(tmp_path: Path) -> None:
    python(tmp_path / "a", "python3.11", "")
    expected = python(tmp_path / "b", "python3.12", "plain")
    python(tmp_path / "b", "python3", "plain")
    assert found(tmp_path / "a", tmp_path / "b") == str(expected)
    assert found(tmp_path / "a") == ""


def test_this_interpreter_says_what_the_makefile_asks() -> None:
    command = [sys.executable, "-B", "-m", "server.supervisor.interpreter"]
    said = subprocess.check_output(command, cwd=ROOT, text=True)
    assert said == ("optimised\n" if interpreter.is_optimised() else "plain\n")


@pytest.mark.long
def test_a_process_that_has_loaded_much_measures_what_a_young_one_does() -> None:
    measure = "from server.supervisor import interpreter as i; print(i.measured_slowness())"

    def measured_after(loading: str) -> float:
        argv = [sys.executable, "-c", loading + measure]
        return float(subprocess.check_output(argv, cwd=ROOT, timeout=60))

    young, loaded = measured_after(""), measured_after("import server.supervisor.run; ")
    assert 1 / 3 < loaded / young < 3  # of CPU, the quickest of many
