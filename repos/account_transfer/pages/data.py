"""The place *Data*: what there is, an archive of all of it, the repo as a CAR, and its import."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Account
from accounts.pages.answers import status_of
from accounts.pages.centre import contributions
from accounts.pages.centre.contributions import Notice
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import (
    address,
    for_signed_in,
    go_to,
    is_still_signed_in,
    open_when_taken_down,
)
from hosting import limits
from hosting.limits import HOUR_S, Budget, bucket
from protocol.errors import XrpcError
from repos.account_transfer import bring_blobs, bring_repo, overview
from repos.account_transfer.archives import requests
from repos.blobs.fetching import queue
from repos.blobs.missing import list_missing
from repos.reads import exports, repos
from server.web import file_forms
from server.web.bodies import ranges
from server.web.bodies.ranges import Stored

# Each has a server asked for all that is missing, which the account's former DID document named
BLOB_FETCHES = bucket("blob-fetches", Budget(10, HOUR_S))  # of one account
_HOME = "account_transfer/data.html"
_IMPORT = "account_transfer/import.html"
_BLOBS = "account_transfer/blobs.html"
_SHOWN_MAX = 100  # of missing files
_FILES_BYTES = 1_073_741_824  # of the files of one form


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def home(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/data`: counts, the quota, and what can be done."""
    return _shown(request, account, _HOME)


@require_POST
@for_signed_in
@open_when_taken_down
@with_fresh_proof
def ask_for_archive(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/data/archive`: have one made."""
    try:
        requests.ask(account, get_language() or "en")
    except XrpcError as refusal:
        return _shown(request, account, _HOME, refusal)
    return go_to(request, "data:home")


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def archive(request: HttpRequest, account: Account) -> HttpResponseBase:
    """`/account/data/archive.zip`: the one that is ready, from wherever a download broke off."""
    try:
        file, made = requests.open_file(account)
    except requests.ArchiveNotFound:
        raise Http404 from None
    headers = {"Content-Disposition": _saved_as(account, "zip")}
    etag = f'"{made.key.rpartition("/")[2]}"'
    return ranges.respond(request, Stored(file, made.size_bytes, "application/zip", etag, headers))


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def repo_car(request: HttpRequest, account: Account) -> HttpResponseBase:
    """`/account/data/repo.car`: the repo as it is now."""
    repo = repos.find_repo(account.host, account.did)
    chunks: Iterator[bytes] = iter(()) if request.method == "HEAD" else exports.export_repo(repo)
    response = StreamingHttpResponse(chunks, content_type="application/vnd.ipld.car")
    response["Content-Disposition"] = _saved_as(account, "car")
    response.is_snapshot = True  # type: ignore[attr-defined] # see server.web.bodies.streams
    return response


@never_cache
@require_safe
@for_signed_in
@with_fresh_proof
def import_page(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/data/import`: choose a CAR that takes the place of the repo."""
    return _shown(request, account, _IMPORT)


@csrf_exempt
@require_POST
@for_signed_in
@with_fresh_proof
def upload_repo(request: HttpRequest, account: Account) -> HttpResponseBase:
    """`/account/data/import/upload`: the CAR; a worker makes it the repo."""
    finish = partial(_take_repo, request, account)
    return file_forms.answer(
        request, settings.IMPORT_LIMIT_BYTES, finish, partial(_shown, request, account, _IMPORT)
    )


@never_cache
@require_safe
@for_signed_in
def blobs_page(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/data/blobs`: files that records name and that are not here."""
    return _shown(request, account, _BLOBS)


@csrf_exempt
@require_POST
@for_signed_in
def upload_blobs(request: HttpRequest, account: Account) -> HttpResponseBase:
    """`/account/data/blobs/upload`: some of them."""
    finish = partial(_take_blobs, request, account)
    return file_forms.answer(
        request,
        _FILES_BYTES,
        finish,
        partial(_shown, request, account, _BLOBS),
    )


@require_POST
@for_signed_in
def fetch_blobs(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/data/blobs/fetch`: ask the former host once more."""
    try:
        limits.spend(BLOB_FETCHES, account.host, account.did)
    except XrpcError as refusal:
        return _shown(request, account, _BLOBS, refusal)
    queue.resume(account.pk)
    return go_to(request, "data:blobs")


@contributions.needs_attention
def missing_blobs(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """Files that did not come along."""
    if count := overview.missing_count(account):
        text = ngettext(
            "%d file that your posts show is missing here.",
            "%d files that your posts show are missing here.",
            count,
        )
        yield Notice(text % count, _("See them"), address(request, "data:blobs"))


@contributions.needs_attention
def full_quota(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """Hardly any room for files."""
    if overview.is_nearly_full(account):
        text = _("Your files take nearly all of the space that you have here.")
        yield Notice(text, _("See them"), address(request, "data:home"))


def _saved_as(account: Account, ending: str) -> str:
    """The Content-Disposition of what an account downloads: the file is named after its owner."""
    name = account.handle or account.did.replace(":", "_")
    return f'attachment; filename="{name}.{ending}"'


def _take_repo(
    request: HttpRequest, account: Account, files: Sequence["UploadedFile[Any]"]
) -> HttpResponse:
    if not is_still_signed_in(request):
        return redirect("accounts:sign_in")
    try:
        bring_repo.take(account, files)
    except XrpcError as refusal:
        return _shown(request, account, _IMPORT, refusal)
    return go_to(request, "data:home")


def _take_blobs(
    request: HttpRequest, account: Account, files: Sequence["UploadedFile[Any]"]
) -> HttpResponse:
    if not is_still_signed_in(request):
        return redirect("accounts:sign_in")
    try:
        brought = bring_blobs.take(account, files)
    except XrpcError as refusal:
        return _shown(request, account, _BLOBS, refusal)
    return _shown(request, account, _BLOBS, brought=brought)


def _shown(
    request: HttpRequest,
    account: Account,
    template: str,
    refusal: XrpcError | None = None,
    brought: bring_blobs.Brought | None = None,
) -> HttpResponse:
    """A page; with what was refused, if anything."""
    shown = {
        "account": account,
        "data": overview.of_account(account),
        "missing": list_missing(account.pk, _SHOWN_MAX) if template == _BLOBS else (),
        "problem": refusal.for_page() if refusal else "",
        "brought": brought,
    }
    return render(request, template, shown, status=status_of(refusal) if refusal else 200)
