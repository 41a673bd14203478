"""JSON documents at untrusted URLs: metadata of servers and clients, keys, small answers.

By the guarded client (server.net.http_client): public addresses, no redirects, so many bytes and
seconds. There are two ways to fail, since one of them is worth asking again: `DocumentRefused` is
the server's last word, `DocumentUnavailable` is none.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from protocol.untrusted_input import bounded_json
from server.net import http_client, media_types

_ACCEPT: Final = {"Accept": "application/json"}


class DocumentError(Exception):
    """No document; the message says why, for whoever runs the server."""


class DocumentRefused(DocumentError):
    """There is no such document, or what is there is none."""


class DocumentUnavailable(DocumentError):
    """The server does not answer, or not now."""


def get_object(
    url: str,
    *,
    timeout_s: float,
    max_bytes: int,
    headers: Mapping[str, str] | None = None,
    must_say_json: bool = False,
) -> Mapping[str, Any]:
    """The JSON object at a URL; `must_say_json`: its media type is looked at, too. Raises
    DocumentRefused, DocumentUnavailable."""
    try:
        answer = http_client.request(
            "GET",
            url,
            headers={**_ACCEPT, **(headers or {})},
            timeout_s=timeout_s,
            max_bytes=max_bytes,
        )
    except http_client.TooLarge as error:
        raise DocumentRefused(f"{url} has more than {max_bytes} bytes") from error
    except (http_client.Forbidden, http_client.NoSuchHost) as error:
        raise DocumentRefused(f"{url} has no public address") from error
    except http_client.RequestFailed as error:
        raise DocumentUnavailable(f"{url} does not answer") from error
    _check_status(url, answer.status)
    if must_say_json and not _is_json(answer.headers.get("content-type", "")):
        raise DocumentRefused(f"{url} is not JSON (Content-Type)")
    return object_in(answer.body, url)


def object_in(body: bytes, url: str) -> Mapping[str, Any]:
    """The JSON object that a URL answered with. Raises DocumentRefused."""
    try:
        value = bounded_json.loads(body)
    except ValueError as error:
        raise DocumentRefused(f"{url} is not JSON") from error
    if not isinstance(value, dict):
        raise DocumentRefused(f"{url} is not a JSON object")
    return value


def _check_status(url: str, status: int) -> None:
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    if is_fault or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise DocumentUnavailable(f"{url} answered {status}")
    if status != HTTPStatus.OK:  # 501 among them: what a host may say of a path it does not know
        raise DocumentRefused(f"{url} answered {status}, not 200")


def _is_json(content_type: str) -> bool:
    mime = media_types.plain(content_type)
    return mime == "application/json" or mime.endswith("+json")
