"""The envelope of refusals."""

import logging

import orjson
import psycopg
import pytest
from django.test import RequestFactory

from protocol.errors import XrpcError
from xrpc.response.errors import (
    AuthMissing,
    MethodNotImplemented,
    NotSupported,
    render,
    render_unexpected,
)


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


def test_a_fault_of_ours_shows_nothing_but_a_number():
    response = render_unexpected(RequestFactory().get("/xrpc/x"), KeyError("secret"))
    assert response.status_code == 500
    assert orjson.loads(response.content) == {
        "error": "InternalServerError",
        "message": "Internal Server Error",
    }


def test_the_number_leads_to_the_log(caplog):
    with caplog.at_level(logging.ERROR, logger="xrpc"):
        response = render_unexpected(RequestFactory().get("/xrpc/x"), KeyError("inside"))
    assert response["X-Request-Id"] in caplog.text


def test_a_database_that_is_away_is_no_fault_and_worth_another_try(caplog):
    away = psycopg.errors.AdminShutdown("terminating connection due to administrator command")
    response = render_unexpected(RequestFactory().get("/xrpc/x"), away)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert orjson.loads(response.content)["error"] == "ServiceUnavailable"
    assert b"terminating" not in response.content
