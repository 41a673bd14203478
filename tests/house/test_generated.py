"""What `make docs` writes is what stands in docs/."""

import pytest

from tests.house import arrows, module_list
from tests.house.packages import ROOT


def test_the_list_of_modules_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "modules.md").read_text() == module_list.render(), "run: make docs"


def test_the_picture_of_imports_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "arrows.svg").read_text() == arrows.render(), "run: make arrows"


def test_an_entry_stands_above_what_it_imports() -> None:
    assert arrows.floors({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": 2, "b": 1, "c": 0}


@pytest.mark.parametrize("needless", [set(), {"c"}])
def test_an_arrow_that_follows_from_others_is_left_out(needless: set[str]) -> None:
    drawn = arrows.reduced({"a": {"b"} | needless, "b": {"c"}, "c": set()})
    assert drawn == {"a": {"b"}, "b": {"c"}, "c": set()}
