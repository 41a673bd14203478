"""Blobs in S3 or anything that speaks like it, through django-storages, in constant memory.

django-storages downloads a whole object before its first byte can be read. Here an object is a file
that reads on from wherever one seeks to, in one request; what is missing is FileNotFoundError and
what takes too long is TimeoutError, as on a disk. Needs the extra `s3`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase, UnsupportedOperation
from typing import IO, Any, cast

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from django.core.files import File
from storages.backends.s3 import S3Storage

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_PART_BYTES = 8 * 1024 * 1024  # what S3 takes; at least 5 MiB
_TIMEOUT_S = 20
# One part in memory at a time: several in parallel would hold 80 MB an upload.
_ONE_PART_AT_A_TIME = TransferConfig(
    multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False
)
_CLIENT = Config(
    connect_timeout=5,
    read_timeout=_TIMEOUT_S,
    retries={"max_attempts": 2, "mode": "standard"},
    s3={"addressing_style": "path"},
    signature_version="s3v4",
)


class StreamingS3(S3Storage):
    """django-storages' S3 with reads that stream, uploads of one part at a time, and time-outs."""

    def get_default_settings(self) -> dict[str, Any]:
        """Private objects that are written once and never looked up before a write."""
        ours = {
            "default_acl": None,
            "file_overwrite": True,
            "transfer_config": _ONE_PART_AT_A_TIME,
            "client_config": _CLIENT,
        }
        return {**super().get_default_settings(), **ours}

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise UnsupportedOperation(f"objects are written by save(), not by open({mode!r})")
        found = self.bucket.Object(self._normalize_name(name))
        with _faults(name):
            size = found.content_length  # asks; a missing object is found out here
        return File(cast("IO[bytes]", S3Object(found, size)), name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        with _faults(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens when there is none."""
        with _faults(name):
            super().delete(name)


class S3Object(RawIOBase):
    """An object as a file to read: from its beginning, or from where one seeks to first."""

    def __init__(self, found: Any, size: int) -> None:
        super().__init__()
        self._found = found
        self._size = size
        self._at = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; the next read asks for the bytes from there on."""
        at = offset + {0: 0, 1: self._at, 2: self._size}[whence]
        if at != self._at:
            self._hang_up()
            self._at = at
        return at

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`. Raises FileNotFoundError, TimeoutError."""
        if self._at >= self._size:
            return b""
        with _faults(self._found.key):
            if self._body is None:
                self._body = self._found.get(Range=f"bytes={self._at}-")["Body"]
            piece: bytes = self._body.read(size if size >= 0 else None)
        self._at += len(piece)
        return piece

    def close(self) -> None:
        """Hang up, whether all was read or not."""
        self._hang_up()
        super().close()

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@contextmanager
def _faults(name: str) -> Iterator[None]:
    """S3's faults in the words of a disk."""
    try:
        yield
    except (ConnectTimeoutError, ReadTimeoutError) as fault:
        raise TimeoutError(f"S3 did not answer: {name}") from fault
    except ClientError as fault:
        if fault.response.get("Error", {}).get("Code") in _MISSING:
            raise FileNotFoundError(name) from fault
        raise OSError(f"S3 refused: {name}: {fault}") from fault
