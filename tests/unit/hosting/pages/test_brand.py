"""A tenant's colour reaches its pages."""

from django.conf import settings

from hosting.pages import brand
from hosting.tenancy import routing


def test_the_backgrounds_are_those_of_the_stylesheet():
    css = (settings.BASE_DIR / "static" / "base.css").read_text()
    light, dark = css.split("prefers-color-scheme: dark", 1)
    assert f"--page: {brand.LIGHT_PAGE};" in light
    assert f"--card: {brand.DARK_PAGE};" in dark


def test_the_stylesheet_has_the_tenants_colour(client, ash):
    ash.tenant.primary_colour = "#7a1fa2"
    ash.tenant.save()
    routing.forget()
    response = client.get("/account/brand.css", headers={"host": ash.hostname})
    assert "--accent: #7a1fa2; --on-accent: #ffffff" in response.content.decode()
    assert response["Content-Type"] == "text/css; charset=utf-8"
