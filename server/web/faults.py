"""Faults: what a client is told of an error that nobody expected. The log gets the rest."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.utils.translation import gettext_lazy as _

from protocol.errors import XrpcError
from server.database import connection
from server.logs.requests import id_of

logger = structlog.stdlib.get_logger(__name__)


class ServiceUnavailable(XrpcError):
    """503: Postgres restarts or is away, or there is too much to do. Nobody's fault, and worth
    another try."""

    name = "ServiceUnavailable"
    status = 503
    message = "Please try again in a moment"
    page_text = _("This server has more to do just now than it can. Nothing was changed.")

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(connection.RETRY_AFTER_S)}


class InternalServerError(XrpcError):
    """500: a fault of ours, with the number of the request to quote."""

    name = "InternalServerError"
    status = 500
    message = "Internal Server Error"

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id

    @property
    def headers(self) -> Mapping[str, str]:
        return {"X-Request-Id": self.request_id}


def refusal_of(request: Any, error: Exception) -> XrpcError:
    """The refusal that stands for an error, Django's request beside it for the log. A value that
    Postgres can not hold is the client's fault, though we should have said so earlier."""
    if connection.is_outage(error):
        logger.warning("no database", request=request, reason=str(error))
        return ServiceUnavailable()
    if refusal := connection.unstorable_value(error):
        logger.warning("a value cannot be stored", request=request, reason=refusal.message)
        return refusal
    request_id = id_of(request)
    logger.error("request failed", request=request, request_id=request_id, exc_info=error)
    return InternalServerError(request_id)
