"""Query strings mean what they mean to the standard library."""

from urllib.parse import parse_qs

import pytest

from xrpc.request import queries


@pytest.mark.parametrize(
    "text", ["", "a=1", "a=1&a=2&b=", "a", "=x", "a=1&", "&&a=b=c", "a=%20b+c", "a;b=1", "a=%zz"]
)
def test_a_query_is_read_as_the_standard_library_reads_it(text):
    assert queries.read(text) == parse_qs(text, keep_blank_values=True)
