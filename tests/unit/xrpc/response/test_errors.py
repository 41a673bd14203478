"""The envelope of refusals."""

import orjson
import pytest

from protocol.errors import XrpcError
from server.web.faults import ServiceUnavailable
from xrpc.response.errors import (
    AuthMissing,
    MethodNotImplemented,
    NotSupported,
    render,
)


def test_a_refusal_has_the_headers_that_go_with_it():
    assert render(ServiceUnavailable())["Retry-After"] == "2"


def test_a_refusal_is_its_name_and_its_sentence():
    response = render(XrpcError("The head moved", name="InvalidSwap"))
    assert response.status_code == 400
    assert orjson.loads(response.content) == {"error": "InvalidSwap", "message": "The head moved"}


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (AuthMissing(), 401, "AuthMissing"),
        (NotSupported(), 404, "XRPCNotSupported"),
        (MethodNotImplemented(), 501, "MethodNotImplemented"),
    ],
)
def test_the_edge_has_its_own_refusals(error, status, name):
    response = render(error)
    assert (response.status_code, orjson.loads(response.content)["error"]) == (status, name)
