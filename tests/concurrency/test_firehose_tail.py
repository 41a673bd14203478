"""`manage.py firehose tail --verify` beside a running host: what it says has no fault."""

import json

import pytest

from tests.concurrency.client import Api, sign_up
from tests.running import running_grove

pytestmark = pytest.mark.slow
WRITES = 12


def test_what_a_running_host_says_is_verified_by_other_libraries() -> None:
    with running_grove() as grove:
        person = sign_up(grove.port)
        api = Api(grove.port, person.token)
        for n in range(WRITES):
            record = {"$type": "com.example.thing", "n": n}
            body = {"repo": person.did, "collection": "com.example.thing", "record": record}
            api.call("com.atproto.repo.createRecord", body)
        for source in ("localhost", grove.url):
            command = (
                f".venv/bin/python manage.py firehose tail {source} --cursor 0 --verify --json"
            )
            said = grove.command(f"{command} --json --count {WRITES + 3}").splitlines()
            found = [json.loads(line) for line in said]
            assert [each for each in found if each["faults"]] == []
            assert sum(len(each["ops"]) for each in found) >= WRITES - 1
