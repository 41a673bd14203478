"""Lexicon errors: where in the value, and what was expected there.

The sentences follow `@atproto/lexicon`, because clients show them to people: `Record/text must not
be longer than 3000 bytes`. Blob refusals carry the names of `com.atproto.repo.uploadBlob`.
"""

from typing import NoReturn

from protocol.errors import InvalidRequest


class LexiconError(InvalidRequest):
    """A value breaks its lexicon: `path` says where (`Record/embed/images/0`), `message` all."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}")
        self.path = path


class BlobTypeError(LexiconError):
    """The blob's mimeType is not among those the field accepts."""

    name = "InvalidMimeType"


class BlobSizeError(LexiconError):
    """The blob is larger than the field's maxSize."""

    name = "InvalidSize"


class DocumentError(LexiconError):
    """A lexicon document itself breaks the lexicon language."""

    name = "InvalidLexicon"


def fail(path: str, message: str) -> NoReturn:
    """Raise LexiconError: an expression for compiled checks."""
    raise LexiconError(path, message)
