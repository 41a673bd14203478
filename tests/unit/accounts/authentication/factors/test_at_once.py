"""Factors used and changed at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pyotp
import pytest
from django.db import connection

from accounts.authentication.factors import changes, holders, totp, typed_codes
from protocol.errors import XrpcError
from tests.factories import account_row

pytestmark = pytest.mark.django_db(transaction=True)


def attempt(verb) -> None:
    try:
        with suppress(XrpcError):
            verb()
    finally:
        connection.close()


def test_codes_and_changes_do_not_wait_for_each_other_for_ever(ash):
    holder = holders.of_account(account_row(ash))
    for _ in range(10):
        totp.keep(holder, pyotp.random_base32(), 0)
        code = changes.replace_recovery_codes(holder)[0]
        verbs = [
            lambda code=code: typed_codes.spend(holder, code),
            lambda: changes.remove_app(holder),
            lambda: typed_codes.spend(holder, "000000"),
            lambda: changes.reset(holder),
        ]
        with ThreadPoolExecutor(len(verbs)) as pool:
            list(pool.map(attempt, verbs))  # raises what is no refusal
