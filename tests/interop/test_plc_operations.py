"""Each kind of our PLC operations, held against @did-plc/lib, which the directory itself uses.

It is at hand where the reference PDS is (tests.interop.test_moving).
"""

import subprocess

import orjson
import pytest

from accounts.authentication import email_codes
from accounts.identity import handle_changes, key_rotation
from accounts.identity.plc import client, departures, owner_operations
from accounts.identity.recovery_keys import changes
from accounts.models import Account
from accounts.signup import sign_up
from protocol.keys import SigningKey
from tests.browser.stories import NODE, install_clients
from tests.factories import wanted
from tests.interop.test_moving import REFERENCE, needs_npm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.interop,
    needs_npm,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="GROVE_REFERENCE names no reference PDS"),
    pytest.mark.django_db(transaction=True),
]
GIVEN, OWN, THEIRS, SIGNING = (SigningKey.generate(curve).did_key for curve in ("p256", "k256") * 2)
VALIDATE = """
const { validateOperationLog } = require('@did-plc/lib')
const { did, log } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
validateOperationLog(did, log).then((data) => console.log(JSON.stringify(data)))
"""


def read_by_the_directorys_library(did: str, log: list[object]) -> dict[str, object]:
    """What it makes of a log; fails when it does not take it."""
    install_clients()
    said = subprocess.run(
        [str(NODE), "-e", VALIDATE],
        cwd=REFERENCE,
        input=orjson.dumps({"did": did, "log": log}),
        check=True,
        capture_output=True,
        timeout=60,
    )
    return orjson.loads(said.stdout)


def code(account: Account) -> str:
    return email_codes.issue(account, owner_operations.PURPOSE)


def test_a_whole_life_is_taken_by_the_directorys_library(ash, plc, settings) -> None:
    settings.VALKEY_URL = ""
    account = sign_up.sign_up(ash, wanted(recovery_key=GIVEN))
    handle_changes.change_handle(account, "renamed.test")
    account.refresh_from_db()
    changes.add(account, code(account), OWN, is_proven=True)
    key_rotation.rotate_key(account)
    account.refresh_from_db()
    changes.remove(account, code(account), OWN)
    there = {"type": "AtprotoPersonalDataServer", "endpoint": "https://new.example.com"}
    recommended = {"rotationKeys": [THEIRS], "services": {"atproto_pds": there}}
    methods = {"verificationMethods": {"atproto": SIGNING}}
    departures.publish(account, code(account), recommended | methods)
    log = [entry["operation"] for entry in client.audit_log(account.did)]
    said = read_by_the_directorys_library(account.did, log)
    assert len(log) == 6
    assert said["rotationKeys"] == [GIVEN, THEIRS]
    assert said["services"]["atproto_pds"] == there
