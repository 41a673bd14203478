import os
import sys

import pytest

from server import allocator

Begun = list[tuple[str, list[str]]]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Begun:
    """What programs this process would have become."""
    programs: Begun = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: programs.append((path, arguments)))
    return programs


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_a_program_begins_anew_with_huge_pages_as_it_was_called(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "")
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "manage.py", "run"])
    allocator.use_huge_pages()
    assert begun == [(sys.executable, [sys.executable, "-X", "dev", "manage.py", "run"])]
    assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"


def test_it_begins_anew_once_and_what_an_operator_has_set_stays(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")
    allocator.use_huge_pages()
    assert (begun, os.environ["GLIBC_TUNABLES"]) == ([], "glibc.malloc.arena_max=1")
