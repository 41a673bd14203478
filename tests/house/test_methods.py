"""docs/methods.md says what the registry has."""

import io

from django.core.management import call_command

from tests.house.packages import ROOT
from xrpc import registry


def test_the_list_of_methods_is_that_of_the_registry() -> None:
    out = io.StringIO()
    call_command("methods", stdout=out)
    told = (ROOT / "docs" / "methods.md").read_text()
    assert told == out.getvalue(), "run: manage.py methods > docs/methods.md"
    assert all(f"`{nsid}`" in told for nsid in registry.registered())
