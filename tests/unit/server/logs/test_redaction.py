"""What no log says: values of rows, passwords, tokens, addresses."""

import time

import pytest
from django.db import IntegrityError, transaction

from hosting.models import Host
from server.logs.redaction import TEXT_MAX, redact, without_secrets

JWT = "eyJhbGciOiJFUzI1NksifQ.eyJzdWIiOiJkaWQ6cGxjOngifQ.c2lnbmF0dXJl"
SECRETS = [
    f"Authorization: Bearer {JWT}",
    f"token {JWT} is over",
    "smtp://postmaster:hunter2hunter2@mail.example:587 refused",
    "postgres://grove:hunter2hunter2@localhost/grove",
    "DSN password=hunter2hunter2 host=localhost",
    "{'password': 'hunter2hunter2'}",
    "Basic YWRtaW46aHVudGVyMmh1bnRlcjI=",
    "wrong app password abcd-efgh-ijkl-mnop",
    "the code ABCDE-FGHIJ is not valid",
    "550 no mailbox alice+x@mail.example.org here",
]


def test_a_row_that_fails_a_check_is_not_written_out(ash: Host) -> None:
    Host.objects.filter(pk=ash.pk).update(admin_password="argon2id-hash\nof two lines")
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        Host.objects.filter(pk=ash.pk).update(hostname="UPPER")
    assert "argon2id" in str(failure.value)  # so Postgres did say it
    text = without_secrets(str(failure.value))
    assert "argon2id" not in text
    assert "of two lines" not in text
    assert "host_hostname_is_lower_case" in text


def test_a_value_that_is_taken_is_not_written_out(ash: Host, birch: Host) -> None:
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        Host.objects.filter(pk=ash.pk).update(hostname=birch.hostname)
    assert birch.hostname in str(failure.value)
    assert birch.hostname not in without_secrets(str(failure.value))


def test_what_comes_behind_a_detail_stays() -> None:
    text = "error\nDETAIL:  Key (a)=(b\nc) exists.\nHINT:  Try another.\nDETAIL:  x"
    kept = "error\nDETAIL: (left out)\nHINT:  Try another.\nDETAIL: (left out)"
    assert without_secrets(text) == kept
    assert without_secrets("nothing to hide\n") == "nothing to hide\n"


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_left_out_of_texts(text: str) -> None:
    shown = without_secrets(text)
    for secret in (JWT, "hunter2", "YWRtaW4", "abcd-efgh", "ABCDE", "alice"):
        assert secret not in shown
    assert "(left out)" in shown


@pytest.mark.parametrize(
    "text",
    [
        "did:plc:ewvi7nxzyoun6zhxrhs64oiz and did:web:pds.example.org",
        "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3jzfcijpj2z2a",
        "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a",
        "com.atproto.server.createSession at https://pds.example.org/xrpc/x?y",
    ],
)
def test_names_of_the_protocol_stay(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize("name", ["password", "access_token", "email", "recipient", "cookies"])
def test_a_field_with_the_name_of_a_secret_has_no_value(name: str) -> None:
    assert redact(None, "info", {"event": "x", name: "hunter2"})[name] == "(left out)"


def test_a_long_text_is_cut_in_its_middle_and_costs_no_square() -> None:
    begun = time.process_time()
    shown = without_secrets("x" * 5_000_000 + " the last line")
    assert time.process_time() - begun < 20
    assert len(shown) < TEXT_MAX + 100
    assert shown.endswith(" the last line")
