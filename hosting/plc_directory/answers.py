"""HTTP responses of the directory: JSON, refusals as `{"message": ...}`, open to any origin.

Source: the public directory's server. Browsers resolve DIDs themselves, hence the CORS headers.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from protocol.did.plc import PlcError
from protocol.errors import XrpcError

View = Callable[..., HttpResponse]

_METHODS = "GET,HEAD,POST"


def json_answer(
    value: Any, status: int = 200, content_type: str = "application/json; charset=utf-8"
) -> HttpResponse:
    """The value as compact JSON."""
    return HttpResponse(orjson.dumps(value), status=status, content_type=content_type)


def message(text: str, status: int) -> HttpResponse:
    """A refusal in the directory's form."""
    return json_answer({"message": text}, status)


def directory_view(**by_method: View) -> View:
    """One URL's view out of one function per method (`get=`, `post=`), with refusals rendered."""
    views = {method.upper(): view for method, view in by_method.items()}
    if "GET" in views:
        views["HEAD"] = views["GET"]  # the server leaves the body out

    def answer(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        view = views.get(request.method or "")
        if view is None:
            return HttpResponse(status=204 if request.method == "OPTIONS" else 405)
        try:
            return view(request, *args, **kwargs)
        except PlcError as error:
            return message(str(error), 400)
        except XrpcError as error:
            return message(error.message, error.status)

    return _open_to_any_origin(answer)


def _open_to_any_origin(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = _METHODS
            response["Access-Control-Allow-Headers"] = request.headers.get(
                "Access-Control-Request-Headers", "Content-Type"
            )
        return response

    return answer
