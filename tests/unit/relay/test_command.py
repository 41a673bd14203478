"""`manage.py relay`: what an operator does without a console."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from relay.models import Rejection, RelayAccount, RelayHost
from tests.unit.relay.hosts.test_hosts import a_host, an_account

pytestmark = pytest.mark.django_db


def typed(*words: str) -> str:
    out = StringIO()
    call_command("relay", *words, stdout=out)
    return out.getvalue().strip()


def test_hosts_are_listed_with_what_was_refused() -> None:
    host = a_host(account_count=3)
    Rejection.objects.create(host=host, reason="old-rev", count=2, last_at=host.created_at)
    assert typed("hosts") == "pds.example active 7 3/100 old-rev=2"


def test_limits_bans_and_takedowns_are_a_word_each() -> None:
    host = a_host()
    account = an_account(host, "b", is_throttled=True)
    assert typed("limit", "PDS.example", "200") == "1 throttled accounts go on now"
    typed("takedown", account.did, "--reason", "spam")
    assert RelayAccount.objects.get().status == "takendown"
    typed("restore", account.did)
    typed("ban", "pds.example")
    assert (RelayAccount.objects.get().status, RelayHost.objects.get().status) == (
        "active",
        "banned",
    )
    typed("lift", "pds.example")


@pytest.mark.parametrize(
    "words", [("limit", "x.example", "1"), ("takedown", "did:plc:x"), ("crawl", "10.0.0.1")]
)
def test_what_is_unknown_is_said(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        typed(*words)
