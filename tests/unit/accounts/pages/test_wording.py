"""Refusals in a person's words."""

import pytest
from django.utils import translation

from accounts import admission, handles
from accounts.pages import wording
from protocol.errors import InvalidRequest


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (handles.InvalidHandle("Handle too long"), "Use at most 18 characters."),
        (handles.UnsupportedDomain("x"), "Choose one of the domains in the list."),
        (admission.EmailRefused("Email is required"), "Enter your e-mail address."),
        (admission.PasswordRefused("Password too long."), "Password too long."),
        (InvalidRequest("Something of its own"), "Something of its own"),
    ],
)
def test_a_refusal_is_worded_for_people(refusal, sentence):
    assert wording.for_person(refusal) == sentence


def test_the_protocols_own_words_do_not_depend_on_the_language():
    with translation.override("de"):
        assert handles.InvalidHandle("Handle too short").message == "Handle too short"
