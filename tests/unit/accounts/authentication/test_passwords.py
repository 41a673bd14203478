"""The password hash."""

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from accounts.authentication.passwords import Argon2id


@pytest.mark.usefixtures("real_password_hashes")
def test_new_passwords_are_hashed_with_our_costs():
    assert make_password("secret").startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_right_password_matches_its_hash():
    assert check_password("pä sswörd 🦋", make_password("pä sswörd 🦋"))


def test_a_wrong_password_does_not_match():
    assert not check_password("secret2", make_password("secret"))


def test_hashes_made_with_other_costs_are_still_read():
    other = "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo"
    assert isinstance(identify_hasher(other), Argon2id)
