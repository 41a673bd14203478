"""Which handles are free, and what is suggested instead."""

import pytest

from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from accounts.models import HeldSignUp
from accounts.signup import handle_availability
from hosting.models import HandleDomain
from tests.factories import account_row


def suggested(host, *asked) -> list[str]:
    return [found.handle for found in handle_availability.suggestions(host, *asked)]


def test_a_free_handle_comes_back_in_normal_form(ash):
    assert handle_availability.check(ash, "Alice.TEST") == "alice.test"


def test_a_taken_one_is_refused(ash, alice):
    with pytest.raises(HandleTaken):
        handle_availability.check(ash, "alice.test")


def test_one_that_somebody_waits_for_is_taken(ash):
    HeldSignUp.objects.create(host=ash, handle="alice.test", reason="policy")
    with pytest.raises(HandleTaken):
        handle_availability.check(ash, "alice.test")


def test_four_are_suggested_and_all_can_be_had(ash, alice):
    found = suggested(ash, "alice.test", "alice.b@example.com")
    assert len(found) == 4
    assert [handle_availability.check(ash, handle) for handle in found] == found


def test_the_name_in_the_address_comes_before_endings(ash, alice):
    assert suggested(ash, "alice.test", "a.liddell@example.com")[0] == "aliddell.test"


def test_another_domain_of_the_host_comes_first(ash, alice):
    HandleDomain.objects.create(host=ash, name=".ash.test", position=1)
    assert suggested(ash, "alice.test")[0] == "alice.ash.test"


def test_taken_ones_are_not_suggested(ash, alice):
    account_row(ash, "alice1")
    assert suggested(ash, "alice.test")[0] == "alice2.test"


@pytest.mark.parametrize("wanted", ["admin.test", "sup-port.test", "ab.test", "....", "日本.test"])
def test_nothing_is_made_of_reserved_words_and_of_nothing(ash, wanted):
    assert suggested(ash, wanted) == []


def test_a_long_label_is_cut_to_what_a_handle_holds(ash):
    for handle in suggested(ash, "x" * 40 + ".test"):
        assert allocation.check_new(ash, handle) == handle
