"""Variables are typed once, and what is wrong with one is said in a sentence."""

import pytest

from hosting import environment


def test_unset_and_empty_variables_have_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROVE_PORT", "")
    assert environment.port("GROVE_PORT", 2583) == 2583


@pytest.mark.parametrize("value", ["0", "65536", "99999", "-1", "2583.5", "http"])
def test_what_is_no_port_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GROVE_PORT", value)
    with pytest.raises(SystemExit, match=r"GROVE_PORT must be a .*not '?" + value):
        environment.port("GROVE_PORT", 2583)


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", []),
        ("https://relay.example", ["https://relay.example"]),
        (" https://a.example/ , http://localhost:1,", ["https://a.example", "http://localhost:1"]),
    ],
)
def test_origins_come_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, origins: list[str]
) -> None:
    monkeypatch.setenv("GROVE_CRAWLERS", value)
    assert environment.origins("GROVE_CRAWLERS") == origins
