"""A tenant's colour stays readable, whatever it is."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from accounts.pages import brand

colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(colours)
def test_every_colour_becomes_readable_on_both_pages(colour):
    for page in (brand.LIGHT_PAGE, brand.DARK_PAGE):
        assert brand.contrast(brand.readable_on(colour, page), page) >= brand.AA_CONTRAST


@given(colours)
def test_text_on_every_colour_is_readable(colour):
    assert brand.contrast(brand.text_on(colour), colour) >= brand.AA_CONTRAST


def test_a_readable_colour_is_left_as_it_is():
    assert brand.readable_on("#2f6b3a", "#ffffff") == "#2f6b3a"


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)]
)
def test_contrast_is_wcags(one, other, ratio):
    assert abs(brand.contrast(one, other) - ratio) < 0.01


def test_the_backgrounds_are_those_of_the_stylesheet():
    css = (settings.BASE_DIR / "static" / "grove.css").read_text()
    light, dark = css.split("prefers-color-scheme: dark", 1)
    assert f"--page: {brand.LIGHT_PAGE};" in light
    assert f"--card: {brand.DARK_PAGE};" in dark


def test_the_stylesheet_has_the_tenants_colour(browser, ash):
    ash.tenant.primary_colour = "#7a1fa2"
    ash.tenant.save()
    response = browser.get("/account/brand.css")
    assert "--accent: #7a1fa2; --on-accent: #ffffff" in response.content.decode()
    assert response["Content-Type"] == "text/css; charset=utf-8"
