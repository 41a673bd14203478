"""A tenant's colour stays readable, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosting.pages import colours
from hosting.pages.brand import DARK_PAGE, LIGHT_PAGE

samples = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(samples)
def test_every_colour_becomes_readable_on_both_pages(colour):
    for page in (LIGHT_PAGE, DARK_PAGE):
        assert colours.contrast(colours.readable_on(colour, page), page) >= colours.AA_CONTRAST


@given(samples)
def test_text_on_every_colour_is_readable(colour):
    assert colours.contrast(colours.text_on(colour), colour) >= colours.AA_CONTRAST


def test_a_readable_colour_is_left_as_it_is():
    assert colours.readable_on("#2f6b3a", "#ffffff") == "#2f6b3a"


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)]
)
def test_contrast_is_wcags(one, other, ratio):
    assert abs(colours.contrast(one, other) - ratio) < 0.01
