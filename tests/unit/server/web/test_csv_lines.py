"""Lines of CSV: quoted where needed, and nothing that a spreadsheet computes."""

import pytest

from server.web import csv_lines


def test_a_line_is_quoted_where_it_has_to_be() -> None:
    assert csv_lines.line(["a", "b, c", 'd"', ""]) == 'a,"b, c","d""",\r\n'


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t"])
def test_no_text_is_a_formula(begins: str) -> None:
    assert csv_lines.line([f"{begins}1"]) == f"'{begins}1\r\n"


def test_a_carriage_return_begins_no_formula() -> None:
    assert csv_lines.line(["\r1"]) == '"\'\r1"\r\n'
