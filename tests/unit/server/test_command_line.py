"""`manage.py x` where no Grove runs: one sentence that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.packages import ROOT

pytestmark = pytest.mark.long

COMMANDS = (
    ["firehose", "restore"],
    ["repo", "check", "--all"],
    ["host", "show", "pds.example"],
    ["tenant", "list"],
    ["migrate"],
)


def said(*command: str, **changed: str) -> tuple[int, str]:
    environ = {**os.environ, "DATABASE_URL": "", "VALKEY_URL": "", **changed}
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environ, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_forgotten_data_folder_is_one_sentence(tmp_path: Path, command: list[str]) -> None:
    code, sentence = said(*command, GROVE_DATA=str(tmp_path))
    assert code == 1
    assert sentence.startswith(f"No Grove is running on the data folder {tmp_path}: ")
    assert "GROVE_DATA" in sentence
    assert "\n" not in sentence


def test_a_data_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, sentence = said("repo", "check", "--all", GROVE_DATA=str(tmp_path / "typo"))
    assert (code, sentence.count("\n")) == (1, 0)
    assert sentence.startswith(f"There is no data folder {tmp_path / 'typo'}")


def test_a_database_that_is_away_is_one_sentence_without_its_password() -> None:
    code, sentence = said("migrate", DATABASE_URL="postgresql://grove:secret@127.0.0.1:1/grove")
    assert (code, sentence.count("\n")) == (1, 0)
    assert sentence.startswith("The database that DATABASE_URL names does not answer: ")
    assert "secret" not in sentence


def test_services_that_have_gone_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "services.json").write_text('{"DATABASE_URL": "postgresql://grove@/g?host=/gone"}')
    code, sentence = said("firehose", "restore", GROVE_DATA=str(tmp_path))
    assert (code, sentence.count("\n")) == (1, 0)


def test_the_whole_story_is_there_for_whoever_asks(tmp_path: Path) -> None:
    code, story = said("migrate", "--traceback", GROVE_DATA=str(tmp_path))
    assert code == 1
    assert "Traceback" in story


def test_commands_without_a_database_run_anywhere(tmp_path: Path) -> None:
    assert said("makemigrations", "--help", GROVE_DATA=str(tmp_path)) == (0, "")
    assert said("methods", GROVE_DATA=str(tmp_path)) == (0, "")
