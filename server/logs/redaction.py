"""Redaction: what no log may hold, though an error or a client put it into a line.

Passwords, tokens and addresses live shorter than a log, and are not the operator's to read. What
Postgres adds to an error as its detail names values of a row ("Failing row contains (...)", "Key
(email)=(...) already exists").
"""

import re
from typing import Final

from structlog.typing import EventDict, WrappedLogger

LEFT_OUT: Final = "(left out)"
TEXT_MAX: Final = 16_384  # characters of one field: a trace, or what a client wrote
_SECRET_NAME = re.compile(r"password|secret|token|authorization|cookie|jwt|e?mail$|recipient")
# Up to the next part of the error, the next traceback or the end: values may have line breaks.
_DETAIL = re.compile(
    r"^DETAIL: .*?(?=^(?:HINT|CONTEXT|QUERY|LINE \d+):? |^\n?The above exception |"
    r"^\n?During handling |\Z)",
    re.MULTILINE | re.DOTALL,
)
_SECRETS: Final = (
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), LEFT_OUT),  # a JWT
    (re.compile(r"\b(Bearer|Basic|DPoP) +[\w.~+/=-]{8,}"), rf"\1 {LEFT_OUT}"),
    (re.compile(r"(://)[^\s/@]{1,512}@"), rf"\1{LEFT_OUT}@"),  # user and password of a URL
    (re.compile(r"(?i)((?:password|secret|token)['\"]?[=:] ?)[^\s&,;]+"), rf"\1{LEFT_OUT}"),
    (re.compile(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b"), LEFT_OUT),  # an app password
    (re.compile(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b"), LEFT_OUT),  # a code that was mailed
    # Bounded, for else a long word costs the square of its length.
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), LEFT_OUT),
)


def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """A processor of structlog's: fields are numbers or short texts without anybody's secrets."""
    for name, value in event.items():
        if not name.startswith("_"):
            event[name] = _redacted(name, value)
    return event


def without_secrets(text: str) -> str:
    """The text without passwords, tokens, addresses and the values of rows, cut in its middle."""
    if len(text) > TEXT_MAX:  # of a trace, both ends say the most
        half = TEXT_MAX // 2
        text = f"{text[:half]} ({len(text) - TEXT_MAX} characters) {text[-half:]}"
    if "DETAIL: " in text:
        text = _DETAIL.sub(f"DETAIL: {LEFT_OUT}\n", text).rstrip("\n")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _redacted(name: str, value: object) -> object:
    if _SECRET_NAME.search(name):
        return LEFT_OUT
    if value is None or isinstance(value, bool | int | float):
        return value
    return without_secrets(str(value))
