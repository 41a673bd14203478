"""axe-core finds nothing on any page, light or dark, wide or narrow (tests/interop/pages.mjs)."""

import shutil
import subprocess

import pytest

from tests.browser.test_newcomer import CHROMIUM, CLIENTS, NODE, install_clients
from tests.running import running_grove

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.interop]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_every_page_is_accessible_in_both_colour_schemes_and_widths() -> None:
    install_clients()
    with running_grove() as grove:
        who = ["--admin-password", grove.admin_password, "--chromium", str(CHROMIUM)]
        looked = subprocess.run(
            [str(NODE), "pages.mjs", "--url", grove.url, *who],
            cwd=CLIENTS,
            check=False,
            capture_output=True,
            text=True,
            timeout=700,
        )
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert "axe found nothing" in looked.stdout
