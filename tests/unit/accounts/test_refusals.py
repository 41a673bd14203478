"""Refusals: what pages say in a person's words and language, and clients in the protocol's."""

import pytest
from django.utils import translation

from accounts.authentication import credential_rules
from accounts.identity.handles import allocation
from protocol.errors import InvalidRequest


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (allocation.HandleTooLong(), "Use at most 18 characters."),
        (allocation.UnsupportedDomain(), "Choose one of the domains in the list."),
        (credential_rules.EmailMissing(), "Enter your e-mail address."),
        (credential_rules.PasswordRefused("Password too long."), "Password too long."),
        (InvalidRequest("Something of its own"), "Something of its own"),
    ],
)
def test_a_refusal_is_worded_for_people(refusal, sentence):
    assert refusal.for_page() == sentence


def test_only_the_page_depends_on_the_language():
    with translation.override("de"):
        refusal = allocation.HandleTooShort()
        assert (refusal.message, refusal.for_page()) == (
            "Handle too short",
            "Mindestens 3 Zeichen, bitte.",
        )
