"""What a handle's own name serves: the document that leads to the DID, and a small page.

Source: atproto.com/specs/handle, "HTTPS well-known Method". Names that nobody has, and those of
deactivated and taken-down accounts, are the same 404.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import handles
from hosting.routing import host_of

_NOBODY = "User not found"


@require_safe
def atproto_did(request: HttpRequest) -> HttpResponse:
    """`/.well-known/atproto-did`: the DID as plain text."""
    did = _did(request)
    if did is None:
        return HttpResponse(_NOBODY, status=404, content_type="text/plain; charset=utf-8")
    return HttpResponse(did, content_type="text/plain; charset=utf-8")


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """`/`: who this is and where the account lives."""
    did = _did(request)
    shown = {"host": host_of(request), "handle": _handle(request), "did": did}
    return render(request, "accounts/profile.html", shown, status=200 if did else 404)


def _did(request: HttpRequest) -> str | None:
    return handles.resolve(host_of(request), _handle(request))


def _handle(request: HttpRequest) -> str:
    """The name asked for; empty on the host's own name, which is nobody's handle."""
    handle: str = getattr(request, "hosted_handle", "")  # HostMiddleware's
    return handle
