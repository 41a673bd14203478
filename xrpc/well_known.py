"""Well-known documents of the host: its DID document and its health.

Source: https://w3c-ccg.github.io/did-method-web/ for `/.well-known/did.json`; `/xrpc/_health` is
what clients and load balancers of atproto servers ask.
"""

from collections.abc import Mapping

import orjson
import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from accounts.identity.resolution import own_documents
from hosting.tenancy.routing import host_of
from server import version
from xrpc.response.errors import JSON

logger = structlog.stdlib.get_logger(__name__)

VERSION = f"grove {version.VERSION}"


def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """200 `{version}` when the database answers, else 503 `{version, error}`."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("health: the database does not answer")
        return _json({"version": VERSION, "error": "Service Unavailable"}, status=503)
    return _json({"version": VERSION})


def did_document(request: HttpRequest) -> HttpResponse:
    """The did:web document of the host: where its PDS is."""
    return _json(own_documents.of_host(host_of(request)))


def _json(value: Mapping[str, object], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(value), content_type=JSON, status=status)
