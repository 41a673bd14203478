"""Malformed requests, refused before a view sees them.

A form that is no form, or none in UTF-8, one that is longer than any of ours, and NUL, which
Postgres takes in no text: Django would find out one by one, some of them only while it renders the
refusal of another, and would write a file of any length to disk that no page asked for.
"""

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError


def refusal(request: HttpRequest, *, has_file: bool = False) -> HttpResponse | None:
    """The answer to an unreadable request; None for all others, whose form has then been read,
    unless it has files: those are its page's to read (server.web.file_forms)."""
    query = request.META.get("QUERY_STRING", "")
    if "%00" in query or "\0" in query or "\0" in request.path_info:
        return refused(400, "This address cannot be read.")
    if request.method != "POST" or has_file:
        return None
    if _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return refused(413, "This form is too long.")
    try:
        form = request.POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError, OSError):
        return refused(400, "This form cannot be read.")
    if any("\0" in name or "\0" in "".join(values) for name, values in form.lists()):
        return refused(400, "This form cannot be read.")
    return None


def _length(request: HttpRequest) -> int:
    declared = str(request.META.get("CONTENT_LENGTH") or "")
    return int(declared) if declared.isdecimal() else 0


def refused(status: int, sentence: str) -> HttpResponse:
    """A plain sentence: whoever gets it did not use a page of ours."""
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
