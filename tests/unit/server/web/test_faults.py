"""Errors that nobody expected, as clients are told of them."""

import logging

import psycopg
from django.test import RequestFactory

from server.web import faults

REQUEST = RequestFactory().get("/xrpc/x")


def test_a_fault_of_ours_shows_nothing_but_a_number():
    refusal = faults.refusal_of(REQUEST, KeyError("secret"))
    assert (refusal.status, refusal.name) == (500, "InternalServerError")
    assert refusal.message == "Internal Server Error"


def test_the_number_leads_to_the_log(caplog):
    with caplog.at_level(logging.ERROR, logger="server"):
        refusal = faults.refusal_of(REQUEST, KeyError("inside"))
    assert refusal.headers["X-Request-Id"] in caplog.text


def test_a_database_that_is_away_is_no_fault_and_worth_another_try():
    away = psycopg.errors.AdminShutdown("terminating connection due to administrator command")
    refusal = faults.refusal_of(REQUEST, away)
    assert (refusal.status, refusal.name) == (503, "ServiceUnavailable")
    assert refusal.headers == {"Retry-After": "2"}
    assert "terminating" not in refusal.message
