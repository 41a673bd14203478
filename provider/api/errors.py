"""Refusals of the REST API: the envelope of XRPC errors, with the field that is wrong.

`{"error": "InvalidRequest", "message": "...", "field": "hostname"}`
"""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

from protocol.errors import XrpcError

_NAMES = {
    status.HTTP_400_BAD_REQUEST: "InvalidRequest",
    status.HTTP_401_UNAUTHORIZED: "AuthenticationRequired",
    status.HTTP_403_FORBIDDEN: "Forbidden",
    status.HTTP_404_NOT_FOUND: "NotFound",
    status.HTTP_405_METHOD_NOT_ALLOWED: "MethodNotAllowed",
    status.HTTP_406_NOT_ACCEPTABLE: "NotAcceptable",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "UnsupportedMediaType",
}


class NotFound(XrpcError):
    """404: there is none, or it is another tenant's, which is the same to everybody."""

    name = "NotFound"
    status = 404
    message = "There is no such thing."


class ScopeMissing(XrpcError):
    """403: the token was made for other things."""

    name = "InsufficientScope"
    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs a token with the scope {scope}.")


class OnlyPlatform(XrpcError):
    """403: what the provider alone decides."""

    name = "Forbidden"
    status = 403
    message = "This needs a token of the platform."


class OnlyTenant(XrpcError):
    """403: what is between a tenant and its people, of which the provider knows nothing (0053)."""

    name = "Forbidden"
    status = 403
    message = "This needs a token of the tenant."


class StaffTokenNeeded(XrpcError):
    """403: what a person decides, with a role."""

    name = "Forbidden"
    status = 403
    message = "This needs a token of a member of staff: `manage.py token create --as NAME`."


def answer(fault: Exception, _context: Any) -> Response | None:
    """What REST framework calls for every exception; None hands it on as a fault of ours."""
    if isinstance(fault, RequestDataTooBig):
        fault = XrpcError("The body is too large.", name="PayloadTooLarge", status=413)
    if isinstance(fault, XrpcError):
        body = {"error": fault.name, "message": fault.message}
        if fault.field:
            body["field"] = fault.field.replace("_", "-")
        return Response(body, fault.status, headers=dict(fault.headers))
    if isinstance(fault, Http404):
        fault = exceptions.NotFound()
    if isinstance(fault, PermissionDenied):
        fault = exceptions.PermissionDenied()
    if not isinstance(fault, exceptions.APIException):
        return None
    body = {"error": _NAMES.get(fault.status_code, "InvalidRequest"), **_told(fault)}
    headers = {}
    if fault.status_code == status.HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, fault.status_code, headers=headers)


def _told(fault: exceptions.APIException) -> dict[str, str]:
    """The first sentence, and whose it is."""
    detail: Any = fault.detail
    path = []
    while isinstance(detail, dict | list) and detail:
        if isinstance(detail, dict):
            name, detail = next(iter(detail.items()))
            path.append(str(name))
        else:
            detail = detail[0]
    field = ".".join(each for each in path if each != "non_field_errors")
    return {"message": str(detail)} | ({"field": field.replace("_", "-")} if field else {})
