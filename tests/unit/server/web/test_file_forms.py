"""Forms with files: whose they are, how large, and that nothing of them stays."""

from collections.abc import Sequence

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation

from protocol.errors import XrpcError
from server.web import file_forms

HERE = {"HTTP_SEC_FETCH_SITE": "same-origin"}


def sent(*contents: bytes, **meta: str) -> HttpRequest:
    files = [SimpleUploadedFile(f"{n}.bin", each) for n, each in enumerate(contents)]
    return RequestFactory().post("/upload", {"files": files}, **{**HERE, **meta})


def answered(request: HttpRequest, limit_bytes: int = 10_000) -> HttpResponse:
    def finish(files: Sequence[UploadedFile]) -> HttpResponse:
        return HttpResponse(b"|".join(each.read() for each in files))

    def refuse(refusal: XrpcError) -> HttpResponse:
        return HttpResponse(refusal.message, status=refusal.status)

    return file_forms.answer(request, limit_bytes, finish, refuse)


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"HTTP_SEC_FETCH_SITE": "same-origin"}, True),
        ({"HTTP_SEC_FETCH_SITE": "same-site"}, False),
        ({"HTTP_SEC_FETCH_SITE": "none"}, False),
        ({"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://testserver"}, False),
        ({"HTTP_ORIGIN": "http://testserver"}, True),
        ({"HTTP_ORIGIN": "http://evil.example"}, False),
        ({"HTTP_ORIGIN": "null"}, False),
        ({}, False),
    ],
)
def test_only_a_page_of_this_origin_sends_one(headers: dict[str, str], is_ours: bool) -> None:
    request = RequestFactory().post("/upload", **headers)
    assert file_forms.is_from_here(request) is is_ours


def test_all_files_are_there_in_their_order() -> None:
    assert answered(sent(b"one", b"two")).content == b"one|two"


def test_another_sites_form_is_not_read() -> None:
    assert answered(sent(b"one", HTTP_SEC_FETCH_SITE="cross-site")).status_code == 403


def test_a_form_beyond_its_bound_is_refused() -> None:
    # with 100 kB for what a form has around its files
    assert answered(sent(b"x" * 101_000), limit_bytes=1_000).status_code == 413


def test_what_is_no_form_is_refused() -> None:
    request = RequestFactory().post("/upload", b"--x", content_type="multipart/form-data", **HERE)
    assert answered(request).status_code == 400


def test_a_full_disk_is_said_by_the_page(settings) -> None:
    settings.FREE_SPACE_BYTES = 1 << 60
    assert answered(sent(b"one")).status_code == 507


def test_the_files_are_closed_afterwards() -> None:
    kept: list[UploadedFile] = []

    def finish(files: Sequence[UploadedFile]) -> HttpResponse:
        kept.extend(files)
        return HttpResponse()

    file_forms.answer(sent(b"one"), 10_000, finish, lambda _: HttpResponse())
    assert kept[0].file.closed


def test_it_is_finished_in_the_readers_language() -> None:
    def finish(_files: Sequence[UploadedFile]) -> HttpResponse:
        return HttpResponse(translation.get_language())

    with translation.override("de"):
        answer = file_forms.answer(sent(b"one"), 10_000, finish, lambda _: HttpResponse())
    assert answer.content == b"de"
