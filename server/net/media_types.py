"""Media types as a Content-Type names them (RFC 9110 section 8.3.1)."""


def plain(content_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()
