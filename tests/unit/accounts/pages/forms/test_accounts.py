"""What the forms make of what was typed."""

import pytest

from accounts.pages.forms.accounts import SignInForm, SignUpForm
from protocol.errors import InvalidRequest
from tests.unit.accounts.pages.sign_up_form import FORM


def sign_up_form(host, **changes) -> SignUpForm:
    form = SignUpForm(host, {**FORM, **changes})
    assert form.is_valid(), form.errors
    return form


def test_label_and_domain_make_the_handle(ash):
    assert sign_up_form(ash).wanted("").handle == "alice.test"


def test_the_password_is_taken_as_typed(ash):
    assert sign_up_form(ash, password="  two  spaces ").wanted("").password == "  two  spaces "


def test_an_empty_recovery_key_is_none_given(ash):
    assert not sign_up_form(ash).wanted("").recovery_key


@pytest.mark.parametrize(
    ("typed", "identifier"),
    [("alice", "alice.test"), ("@alice.test ", "alice.test"), ("a@b.org", "a@b.org"),
     ("did:plc:abc", "did:plc:abc")],
)  # fmt: skip
def test_a_bare_name_means_a_handle_of_this_host(ash, typed, identifier):
    form = SignInForm(ash, {"identifier": typed, "password": "x"})
    assert form.is_valid()
    assert form.cleaned_data["identifier"] == identifier


def test_a_refusal_without_a_field_stands_above_the_form(ash):
    form = sign_up_form(ash)
    form.refuse(InvalidRequest("Not now"))
    assert form.non_field_errors() == ["Not now"]


def test_the_invite_field_is_there_only_when_needed(ash):
    assert "invite_code" not in SignUpForm(ash).fields
    ash.admission = "invite"
    assert "invite_code" in SignUpForm(ash).fields
