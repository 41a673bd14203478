"""The provider's story by the REST API alone, and by the command line alone.

Two deployments and fifty people, minutes each: GROVE_PROVIDER_STORY=1 has it told. The same with
relays is test_relays.py, in a browser tests/browser/test_tenants.py.
"""

import os
from pathlib import Path

import pytest

from tests.interop.provider import story
from tests.interop.provider.drivers import ByApi, ByCommand, Provider
from tests.interop.provider.relays import Relays
from tests.running import running_grove

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    pytest.mark.skipif("GROVE_PROVIDER_STORY" not in os.environ, reason="GROVE_PROVIDER_STORY"),
]


@pytest.mark.parametrize("by", [ByApi, ByCommand])
def test_a_tenant_from_its_making_to_its_life_elsewhere(by: type[Provider], tmp_path: Path) -> None:
    at_pace = {"GROVE_ANNOUNCEMENTS_PER_HOUR": "60000"}
    with (
        running_grove(**at_pace) as here,
        running_grove(GROVE_PLC_URL=here.plc_url, GROVE_SANDBOX="on", **at_pace) as there,
    ):
        providers = by(here, tmp_path), by(there, tmp_path)
        _, old, new = story.tell(*providers, Relays([]), lambda: None)
    story.numbers_go_on(old.seqs, new.seqs)
