"""The rules of signing up."""

import pytest

from accounts.authentication import credential_rules
from accounts.authentication.credential_rules import PasswordRefused
from accounts.signup import rules
from protocol.errors import XrpcError
from protocol.keys import SigningKey
from tests.factories import account_row, wanted

UNFIT = "This email address is not supported, please use a different email."


def refused(host, **changes) -> tuple[str, str, str]:
    with pytest.raises(XrpcError) as refusal:
        rules.check(host, wanted(**changes))
    return refusal.value.name, refusal.value.message, refusal.value.field


def test_a_good_wish_comes_back_in_normal_form(ash):
    admitted = rules.check(ash, wanted(handle="Alice.TEST", email=" Alice@Example.COM "))
    assert (admitted.handle, admitted.email) == ("alice.test", "alice@example.com")
    assert admitted.recovery_key == ""


@pytest.mark.parametrize("email", [None, ""])
def test_an_email_is_required(ash, email):
    assert refused(ash, email=email) == ("InvalidRequest", "Email is required", "email")


@pytest.mark.parametrize("email", ["a@[10.0.0.1]", "a@[IPv6:::1]", '"a, b"@x.org', '"a\x0b"@x.org'])
def test_an_email_leads_the_mail_server_nowhere_else(ash, email):
    assert refused(ash, email=email) == ("InvalidRequest", UNFIT, "email")


@pytest.mark.parametrize(
    "email",
    ["plain", "a@", "@b.com", "a b@c.com", "a@b", "a@b..com", "a@localhost", "me@mailinator.com",
     "a\0@example.com", "a" * 330 + "@example.com"],
)  # fmt: skip
def test_an_email_must_be_an_address_that_lasts(ash, email):
    assert refused(ash, email=email) == ("InvalidRequest", UNFIT, "email")


@pytest.mark.parametrize("password", [None, ""])
def test_a_password_is_required(ash, password):
    assert refused(ash, password=password)[:2] == ("InvalidPassword", "Password is required")


def test_a_password_has_at_most_256_characters(ash):
    assert rules.check(ash, wanted(password="🦋" * 256))
    message = "Password too long. Maximum length is 256 characters."
    assert refused(ash, password="x" * 257) == ("InvalidPassword", message, "password")


def test_a_bad_handle_is_refused_by_the_rules_for_handles(ash):
    assert refused(ash, handle="al.test") == ("InvalidHandle", "Handle too short", "handle")


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_a_recovery_key_of_either_curve_is_taken(ash, curve):
    key = SigningKey.generate(curve).did_key
    assert rules.check(ash, wanted(recovery_key=key)).recovery_key == key


@pytest.mark.parametrize(
    "key", ["did:key:zzz", "did:plc:abc", "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9"]
)
def test_any_other_recovery_key_is_refused(ash, key):
    assert refused(ash, recovery_key=key)[::2] == ("InvalidRequest", "recovery_key")


def test_an_invite_code_is_taken_in_any_letter_case(ash):
    assert rules.check(ash, wanted(invite_code=" Pds-ABCDE-fghij ")).invite_code == (
        "pds-abcde-fghij"
    )


def test_a_taken_handle_is_named(ash, alice):
    admitted = rules.check(ash, wanted(email="other@example.com"))
    with pytest.raises(rules.HandleTaken) as refusal:
        rules.check_free(ash, admitted)
    assert refusal.value.message == "Handle already taken: alice.test"
    assert refusal.value.name == "InvalidRequest"


def test_a_taken_email_is_named_whatever_its_letter_case(ash, alice):
    admitted = rules.check(ash, wanted(handle="other.test", email="ALICE@example.com"))
    with pytest.raises(
        credential_rules.EmailRefused, match=r"^Email already taken: alice@example\.com$"
    ):
        rules.check_free(ash, admitted)


def test_an_email_may_be_used_again_at_another_host(ash, birch):
    account_row(birch)
    rules.check_free(ash, rules.check(ash, wanted()))


@pytest.mark.parametrize("password", ["alice.test", "Alice@Example.com", " @alice.test", "ALICE"])
def test_a_password_that_is_a_name_everybody_sees_is_refused(ash, password):
    with pytest.raises(PasswordRefused, match="must not be your handle"):
        rules.check(ash, wanted(password=password))


def test_malformed_and_throw_away_addresses_are_told_apart():
    with pytest.raises(credential_rules.EmailMalformed):
        credential_rules.checked_email("nonsense")
    with pytest.raises(credential_rules.EmailDisposable):
        credential_rules.checked_email("x@mailinator.com")
