"""The OpenAPI document by tools of others: a client is made of it, and calls are made up from it.

They bring a hundred packages that nothing else needs, so they live in a venv of their own, named by
GROVE_OPENAPI_TOOLS: `python -m venv V`, `V/bin/pip install openapi-python-client schemathesis`.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from provider.api import documents, tokens
from provider.api.tokens import Scope
from tests.api import network
from tests.factories import account_row

TOOLS = Path(os.environ.get("GROVE_OPENAPI_TOOLS", "/none"))
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not TOOLS.exists(), reason="GROVE_OPENAPI_TOOLS names no venv"),
    pytest.mark.django_db(transaction=True),
]
ONE_CALL = """
import sys
from grove_client import AuthenticatedClient
from grove_client.api.tenants import tenants_list
client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
print([each.slug for each in tenants_list.sync(client=client).items])
"""


@pytest.fixture
def document(tmp_path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(documents.document()))
    return path


@pytest.fixture
def base(live_server, monkeypatch, settings, ash, birch) -> str:
    """The address of ash, answered by this process."""
    settings.RATE_LIMITS, settings.VALKEY_URL = False, ""
    network.stand_in(monkeypatch, [])
    birch.tenant.name = "Association 7f3a"
    birch.tenant.save()
    account_row(ash)
    return live_server.url


def ran(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(each) for each in command], cwd=cwd, capture_output=True, text=True, timeout=850,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    return done.stdout


def test_a_client_is_made_and_one_call_works(ash, base, document, tmp_path):
    config = tmp_path / "config.yml"
    config.write_text("package_name_override: grove_client\nproject_name_override: grove-client\n")
    ran(
        TOOLS / "bin" / "openapi-python-client", "generate", "--path", document, "--meta", "none",
        "--output-path", tmp_path / "grove_client", "--config", config, cwd=tmp_path,
    )  # fmt: skip
    _, token = tokens.create("generated", ash.tenant, [*Scope])
    said = ran(TOOLS / "bin" / "python", "-c", ONE_CALL, base, token, cwd=tmp_path)
    assert said.strip() == "['ash']"


@pytest.mark.parametrize("whose", ["tenant", "platform"])
def test_made_up_calls_are_answered_and_tell_nothing(ash, base, document, tmp_path, whose):
    _, token = tokens.create("made-up", ash.tenant if whose == "tenant" else None, [*Scope])
    report = tmp_path / "report.har"
    ran(
        TOOLS / "bin" / "schemathesis", "run", document, "--url", base, "--max-examples", "5",
        "--checks", "not_a_server_error", "--header", f"Authorization: Bearer {token}",
        "--exclude-path-regex", "/archives$",  # a file: it makes none up
        "--seed", "1", "--report", "har", "--report-har-path", report, cwd=tmp_path,
    )  # fmt: skip
    if whose == "tenant":
        assert "Association 7f3a" not in report.read_text()
