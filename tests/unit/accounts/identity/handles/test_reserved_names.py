"""Labels that nobody may take."""

import pytest

from accounts.identity.handles.reserved_names import RESERVED_LABELS, is_reserved


@pytest.mark.parametrize(
    "label", ["admin", "support", "www", "mail", "pds", "bluesky", "postmaster"]
)
def test_names_of_those_in_charge_are_reserved(label):
    assert is_reserved(label)


def test_dashes_do_not_get_around_it():
    assert is_reserved("ad-min")


def test_common_first_names_are_free():
    assert not any(is_reserved(name) for name in ["alice", "mehmet", "olga", "jose", "adam"])


def test_every_label_could_have_been_taken():
    assert all(label.isascii() and label.isalnum() for label in RESERVED_LABELS)
    assert {label.lower() for label in RESERVED_LABELS} == RESERVED_LABELS


def test_a_few_hundred_are_reserved():
    assert len(RESERVED_LABELS) > 400
