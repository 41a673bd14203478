"""What was reported, in a frame of its own: strangers' words and pictures, away from the console.

The frame runs no script, sends no form, opens nothing and loads nothing but our own style and the
pictures and videos of this case, which are blurred until somebody asks. Of a video the browser
shows its first frame. Of child safety cases none is shown at all.
"""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hosting.console.site import hosts_in_view
from hosting.models import Host
from moderation import lookup, permissions
from moderation.console.desk.cases import found_case
from moderation.console.views import staff_of
from moderation.desk.reports.evidence import PROFILE
from moderation.desk.subjects import dossier, rendering, threads
from moderation.desk.subjects.facts import Facts, facts
from moderation.models import Case, Evidence
from moderation.permissions import Deed
from protocol import cid
from protocol.errors import XrpcError
from repos.blobs import blobs, holds
from repos.blobs.blobs import BlobNotFound, OpenBlob
from repos.blobs.types import declared_types
from repos.models import Record
from repos.reads import repos
from server.web.bodies import ranges

_POLICY: Final = "default-src 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
_FRAME: Final = {
    "Content-Security-Policy": f"{_POLICY}; img-src 'self'; media-src 'self'; style-src 'self'",
    "Cache-Control": "private, no-store",
}
_IMAGE: Final = {
    "Content-Security-Policy": f"{_POLICY}",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}
# Formats that every browser decodes in its sandbox; none of them can hold a script.
_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
_VIDEOS: Final = frozenset({"video/mp4", "video/webm"})


@require_GET
def record(request: HttpRequest, case_id: int) -> HttpResponse:
    """The record, or the account's profile and newest posts."""
    case = found_case(request, case_id)
    known = facts(case)
    block, is_copy = _block(request, known)
    shown = rendering.of_block(block) if block else None
    context: dict[str, Any] = {
        "case": case,
        "shown": shown,
        "is_copy": is_copy,
        "has_no_pictures": case.kind == Case.Kind.CHILD_SAFETY,
        **(_media(shown) if shown else {}),
        "quoted": _quoted(request, shown.quoted) if shown else None,
        "posts": [] if case.path else _posts(known),
    }
    return _framed(request, "moderation/desk/frame.html", context)


@require_GET
def image(request: HttpRequest, case_id: int, link: str) -> HttpResponseBase:
    """One picture or video that the reported record names."""
    case = found_case(request, case_id)
    known = facts(case)
    block, _is_copy = _block(request, known)
    sees_held = permissions.may(staff_of(request), Deed.EVIDENCE_LOOK, case.host.tenant_id)
    try:
        blob_cid = cid.from_text(link)
        if case.kind == Case.Kind.CHILD_SAFETY or blob_cid not in declared_types.named_in(block):
            raise Http404
        opened = _opened(known, blob_cid, sees_held=sees_held)
    except (BlobNotFound, cid.InvalidCid):
        raise Http404 from None
    ref = opened.ref
    if ref.mime_type not in _TYPES | _VIDEOS:
        opened.file.close()
        raise Http404
    shown = ranges.Stored(opened.file, ref.size, ref.mime_type, f'"{link}"', _IMAGE)
    return ranges.respond(request, shown)


@require_GET
def thread(request: HttpRequest, case_id: int) -> HttpResponse:
    """The thread around the post, from the host's app view."""
    case = found_case(request, case_id)
    context: dict[str, Any] = {"posts": [], "problem": ""}
    if not case.path or not threads.app_view_url(case.host):
        raise Http404
    try:
        context["posts"] = threads.around(case.host, case.subject)
    except XrpcError as refusal:
        context["problem"] = refusal.for_page()
    return _framed(request, "moderation/desk/thread.html", context)


def _media(shown: rendering.Shown) -> dict[str, list[rendering.Picture]]:
    """What the record names, by how it is shown."""
    files = shown.pictures
    return {
        "pictures": [each for each in files if each.mime_type in _TYPES],
        "videos": [each for each in files if each.mime_type in _VIDEOS],
        "other_files": [each for each in files if each.mime_type not in _TYPES | _VIDEOS],
    }


def _framed(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    for name, value in _FRAME.items():
        response[name] = value
    return response


def _block(request: HttpRequest, known: Facts) -> tuple[bytes, bool]:
    """The record as it is now, else the copy that was kept of it; empty where there is neither."""
    path = known.case.path or PROFILE
    collection, _slash, rkey = path.partition("/")
    if known.account is not None:
        records = Record.objects.filter(repo_id=known.account.pk, collection=collection, rkey=rkey)
        if found := records.first():
            return bytes(found.data), False
    if not permissions.may(staff_of(request), Deed.EVIDENCE_LOOK, known.case.host.tenant_id):
        return b"", False
    hosts = Host.objects.filter(tenant=known.case.host.tenant_id)
    kept = Evidence.objects.at(hosts).filter(did=known.case.subject_did, path=path)
    copy = kept.order_by("-id").first()
    return (bytes(copy.data), True) if copy else (b"", False)


def _opened(known: Facts, blob_cid: bytes, *, sees_held: bool) -> OpenBlob:
    """The blob, also one that is held as evidence where that may be seen. Raises BlobNotFound."""
    if known.account is None:
        raise BlobNotFound("There is no account")
    try:
        return blobs.open_blob(repos.find_repo(known.account.host, known.account.did), blob_cid)
    except BlobNotFound:
        if not sees_held:
            raise
        return holds.open_held(known.account.pk, blob_cid)


def _quoted(request: HttpRequest, uri: str) -> dict[str, Any] | None:
    """A quoted record, with its text where it is at the hosts in view."""
    if not uri:
        return None
    known = rendering.is_record_uri(uri)
    found = lookup.find(hosts_in_view(request), uri) if known else None
    record = found.record if found else None
    return {"uri": uri, "shown": rendering.of_block(bytes(record.data)) if record else None}


def _posts(known: Facts) -> list[rendering.Shown]:
    return [rendering.of_block(bytes(post.data)) for post in dossier.newest_posts(known)]
