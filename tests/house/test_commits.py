"""Subjects of commits, since the commit that gave the packages their folders (CONTRIBUTING.md)."""

import re
import subprocess

import pytest

from tests.house.packages import ROOT

SINCE = "house: hold folders to fifteen entries and to arrows one way"
SUBJECT = re.compile(r"[a-z0-9][\w ,./*-]*: [a-z`_0-9/].*[^.\s]")
LENGTH_MAX = 72
# Came in beside the rule.
BEFORE_THE_RULE = {"tests: fuzzing tokens leaves the environment of other tests alone"}
# The first word tells what the change does, not what was done.
TOLD = re.compile(r"(?!(?:em)?bed\b|feed\b|need\b|shed\b|speed\b|bring\b)\w+(?:ed|ing)\b")


def git(*words: str) -> str:
    """What git says; a test without its history is skipped."""
    try:
        asked = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git history here")
    return asked.stdout.strip()


def subjects() -> list[str]:
    """Newest first; merges have subjects of their own."""
    if git("rev-parse", "--is-shallow-repository") != "false":
        pytest.skip("a shallow clone")
    told = git("log", "--no-merges", "--format=%s").splitlines()
    if SINCE not in told:
        pytest.skip("a history without the commit that this begins at")
    return told[: told.index(SINCE)]


def is_good(subject: str) -> bool:
    """`area: imperative change`, at most 72 characters, no full stop."""
    change = subject.partition(": ")[2]
    return bool(
        len(subject) <= LENGTH_MAX and SUBJECT.fullmatch(subject) and not TOLD.match(change)
    )


def test_subjects_are_an_area_and_a_change() -> None:
    later = [subject for subject in subjects() if subject not in BEFORE_THE_RULE]
    assert [subject for subject in later if not is_good(subject)] == []


@pytest.mark.parametrize(
    "subject",
    ["fix things", "Repos: fix things", "repos: Fix things", "repos: fixed things",
     "repos: fixing things", "repos: fix things.", "repos: fix " + "things" * 12],
)  # fmt: skip
def test_another_subject_would_be_noticed(subject: str) -> None:
    assert not is_good(subject)


@pytest.mark.parametrize("subject", ["repos: fix things", "account pages: embed, need no font"])
def test_a_good_subject_passes(subject: str) -> None:
    assert is_good(subject)
