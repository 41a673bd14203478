"""docs/operators/configuration.md has every variable of the environment, once."""

import re
from collections import Counter

from tests.house.documents import text
from tests.house.packages import PACKAGES, modules

CONFIGURATION = "docs/operators/configuration.md"
READ = re.compile(
    r'\b(?:text|number|at_least_one|port|words|origins|networks|switch|choice|options|service_url)\(\s*"([A-Z0-9_]+)"'
)
ROW = re.compile(r"^\| (`[A-Z0-9_`, ]+`) \|", re.MULTILINE)
DEFAULT = re.compile(r'\b(?:number|at_least_one|port)\(\s*"([A-Z0-9_]+)", ([0-9_]+)\)')
DEFAULTS = re.compile(r"^\| (`GROVE_[A-Z0-9_`, ]+`) \| ([0-9, ]+) \|", re.MULTILINE)


def variables_read() -> set[str]:
    files = (file for package in PACKAGES for file in modules(package))
    return {name for file in files for name in READ.findall(file.read_text())}


def variables_told() -> Counter[str]:
    rows = ROW.findall(text(CONFIGURATION))
    return Counter(name for row in rows for name in re.findall(r"\w+", row))


def test_every_variable_that_is_read_is_told_and_no_other() -> None:
    read = variables_read()
    assert len(read) > 40
    assert sorted(read ^ set(variables_told())) == []


def test_no_variable_is_told_twice() -> None:
    assert [name for name, count in variables_told().items() if count > 1] == []


def test_every_number_is_told_with_its_default() -> None:
    files = (file for package in PACKAGES for file in modules(package))
    read = {name: int(said) for file in files for name, said in DEFAULT.findall(file.read_text())}
    told: dict[str, int] = {}
    for names, numbers in DEFAULTS.findall(text(CONFIGURATION)):
        told |= dict(zip(re.findall(r"\w+", names), map(int, numbers.split(", ")), strict=True))
    assert len(read) > 25
    assert {name: told.get(name) for name in read} == read
