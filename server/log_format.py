"""The log formatter: exceptions with tracebacks, but without the values of a database row.

What Postgres adds to an error as its detail names them ("Failing row contains (...)", "Key (email)=
(...) already exists"): a password's hash or an address, in a log that outlives the account.
"""

import logging
import re

# Up to the next part of the error, the next traceback or the end: values may have line breaks.
_DETAIL = re.compile(
    r"^DETAIL: .*?(?=^(?:HINT|CONTEXT|QUERY|LINE \d+):? |^\n?The above exception |"
    r"^\n?During handling |\Z)",
    re.MULTILINE | re.DOTALL,
)


class Line(logging.Formatter):
    """A formatter that leaves out details of database errors."""

    def format(self, record: logging.LogRecord) -> str:
        return without_details(super().format(record))


def without_details(text: str) -> str:
    """The text without what Postgres says in detail."""
    return _DETAIL.sub("DETAIL: (left out)\n", text).rstrip("\n") if "DETAIL: " in text else text
