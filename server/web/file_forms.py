"""Forms with files: received by the event loop like any upload, then parsed into temporary files.

Source: RFC 7578 by Django's parser. A page's own middleware does not read such a form, so its token
against forgery is not looked at; the browser's word says that our page sent it (`is_from_here`).
"""

import io
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO, Any, Final, cast
from urllib.parse import urlsplit

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils import translation

from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile
from server.web.bad_requests import refused
from server.web.deferred_response import deferred
from server.web.uploads import Refuse, Upload, is_still_arriving

_FORM_BYTES: Final = 100_000  # around the files
Finish = Callable[[Sequence["UploadedFile[Any]"]], HttpResponse]


def is_from_here(request: HttpRequest) -> bool:
    """Whether a page of this very origin sent the form, as the browser says (Fetch Metadata; the
    Origin header, for those that know no other)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.get_host()


def answer(
    request: HttpRequest, limit_bytes: int, finish: Finish, refuse: Refuse
) -> HttpResponseBase:
    """What `finish` says to the form's files, which are gone afterwards; `refuse` answers when the
    disk is nearly full. The whole form has at most `limit_bytes`, and some for what is around the
    files."""
    if not is_from_here(request):
        return refused(403, "This form was not sent from its page.")
    language, meta = translation.get_language(), request.META
    limit_bytes += _FORM_BYTES

    def finished(body: IO[bytes]) -> HttpResponse:
        with translation.override(language):
            return _parsed(meta, body, limit_bytes, finish, refuse)

    if is_still_arriving(meta):
        return deferred(Upload(limit_bytes, finished, refuse))
    return finished(io.BytesIO(meta["wsgi.input"].read()))


def _parsed(
    meta: dict[str, Any], body: IO[bytes], limit_bytes: int, finish: Finish, refuse: Refuse
) -> HttpResponse:
    size = body.seek(0, io.SEEK_END)
    body.seek(0)
    if size > limit_bytes:
        return refused(413, "This file is too long.")
    with ExitStack() as opened:
        try:
            whole = {**meta, "CONTENT_LENGTH": str(size)}
            parser = MultiPartParser(whole, cast("Any", body), [_TemporaryFiles(opened)], "utf-8")
            _fields, files = parser.parse()
        except InsufficientStorage as refusal:
            return refuse(refusal)
        except (MultiPartParserError, SuspiciousOperation, OSError):  # too many files or fields
            return refused(400, "This form cannot be read.")
        return finish([file for _name, several in files.lists() for file in several])


class _TemporaryFiles(FileUploadHandler):
    """Has the parser write files where our temporary files lie; they are closed by the stack."""

    def __init__(self, opened: ExitStack) -> None:
        super().__init__()
        self._opened = opened

    def new_file(self, *args: Any, **more: Any) -> None:
        super().new_file(*args, **more)
        self.file = self._opened.enter_context(TemporaryFile())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's
        """One piece."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        """The whole file."""
        self.file.seek(0)
        return UploadedFile(self.file, self.file_name, self.content_type, file_size)
