"""What our own log says of a database error: everything but the values."""

import logging

import pytest
from django.db import IntegrityError, transaction

from hosting.models import Host
from server.log_format import Line, without_details


def logged(error: Exception) -> str:
    told = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed: %s", (error,), told)
    return Line("%(levelname)s %(message)s").format(record)


def test_a_row_that_fails_a_check_is_not_written_out(ash: Host) -> None:
    Host.objects.filter(pk=ash.pk).update(admin_password="argon2id-hash\nof two lines")
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        Host.objects.filter(pk=ash.pk).update(hostname="UPPER")
    assert "argon2id" in str(failure.value)  # so Postgres did say it
    line = logged(failure.value)
    assert "argon2id" not in line
    assert "of two lines" not in line
    assert "host_hostname_is_lower_case" in line
    assert "Traceback" in line


def test_a_value_that_is_taken_is_not_written_out(ash: Host, birch: Host) -> None:
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        Host.objects.filter(pk=ash.pk).update(hostname=birch.hostname)
    assert birch.hostname in str(failure.value)
    assert birch.hostname not in logged(failure.value)


def test_what_comes_behind_a_detail_stays() -> None:
    text = "error\nDETAIL:  Key (a)=(b\nc) exists.\nHINT:  Try another.\nDETAIL:  x"
    assert (
        without_details(text)
        == "error\nDETAIL: (left out)\nHINT:  Try another.\nDETAIL: (left out)"
    )
    assert without_details("nothing to hide\n") == "nothing to hide\n"
