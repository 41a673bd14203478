"""Headers that tell caches for whom an answer holds: which coding, and whose credentials.

Source: RFC 9110 section 12.5.5 (Vary), RFC 9111 section 5.2.2.7 (private). Called by the
dispatcher and by small reads, so that one method's answers say the same from either.
"""

from django.http.response import ResponseHeaders

Headers = dict[str, str] | ResponseHeaders


def mark_coding(headers: Headers, coding: str) -> None:
    """Of a body that was packed as the client prefers it; `coding` is empty for not at all."""
    headers["Vary"] = "Accept-Encoding"
    if coding:
        headers["Content-Encoding"] = coding


def mark_private(headers: Headers) -> None:
    """Of an answer that depends on credentials, which a cache must hand to nobody else. After
    `mark_coding`."""
    headers.setdefault("Cache-Control", "private")
    vary = headers.get("Vary")
    headers["Vary"] = f"Authorization, {vary}" if vary else "Authorization"
