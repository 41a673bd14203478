"""A handle's own host name: the documents about the DID, and a small page.

Source: atproto.com/specs/handle, "HTTPS well-known Method". Names that nobody has, and those of
deactivated and taken-down accounts, are the same 404.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.identity import did_web_documents
from accounts.identity.handles import allocation
from hosting.tenancy.routing import host_of

_NOBODY = "User not found"


@require_safe
def atproto_did(request: HttpRequest) -> HttpResponse:
    """`/.well-known/atproto-did`: the DID as plain text."""
    did = _did(request)
    if did is None:
        return HttpResponse(_NOBODY, status=404, content_type="text/plain; charset=utf-8")
    return HttpResponse(did, content_type="text/plain; charset=utf-8")


@require_safe
def did_document(request: HttpRequest) -> HttpResponse:
    """`/.well-known/did.json`: the document of the did:web that has this host name, whatever its
    account's status; 410 when account and identity are gone."""
    identity = did_web_documents.named(host_of(request), _handle(request))
    if identity is None:
        return HttpResponse(_NOBODY, status=404, content_type="text/plain; charset=utf-8")
    if did_web_documents.is_ended(identity):
        return HttpResponse("Gone", status=410, content_type="text/plain; charset=utf-8")
    return JsonResponse(did_web_documents.document(identity))


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """`/`: who this is and where the account lives."""
    did = _did(request)
    shown = {"host": host_of(request), "handle": _handle(request), "did": did}
    return render(request, "accounts/profile.html", shown, status=200 if did else 404)


def _did(request: HttpRequest) -> str | None:
    return allocation.resolve(host_of(request), _handle(request))


def _handle(request: HttpRequest) -> str:
    """The name asked for; empty on the host's own name, which is nobody's handle."""
    handle: str = getattr(request, "hosted_handle", "")  # HostMiddleware's
    return handle
