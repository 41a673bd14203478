"""Refusals in a person's words."""

import pytest
from django.utils import translation

from accounts.authentication import credential_rules
from accounts.identity.handles import allocation
from accounts.pages import wording
from protocol.errors import InvalidRequest


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (allocation.InvalidHandle("Handle too long"), "Use at most 18 characters."),
        (allocation.UnsupportedDomain("x"), "Choose one of the domains in the list."),
        (credential_rules.EmailRefused("Email is required"), "Enter your e-mail address."),
        (credential_rules.PasswordRefused("Password too long."), "Password too long."),
        (InvalidRequest("Something of its own"), "Something of its own"),
    ],
)
def test_a_refusal_is_worded_for_people(refusal, sentence):
    assert wording.for_person(refusal) == sentence


def test_the_protocols_own_words_do_not_depend_on_the_language():
    with translation.override("de"):
        assert allocation.InvalidHandle("Handle too short").message == "Handle too short"
