"""The tests' own directory: served by the real WSGI callable, spoilt on demand."""

import http.client
import subprocess
import sys
import time
import urllib.error
import urllib.request

import orjson
import pytest

from hosting.plc_directory import directory
from protocol.did import plc as rules
from protocol.keys import SigningKey
from tests.unit.protocol.did.plc_logs import genesis_by

GENESIS = genesis_by(SigningKey.generate("k256"))
DID = rules.did_of(GENESIS)
BROKEN_OFF = (http.client.RemoteDisconnected, ConnectionError)


def fetch(url, op=None):
    body = orjson.dumps(op) if op else None
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def is_registered():
    return bool(directory.log_of(DID).entries)


def test_the_directory_serves_under_any_host_name_without_the_main_sites_paths(plc):
    assert fetch(f"{plc.url}/_health")[0] == 200
    assert fetch(f"{plc.url}/xrpc/_health")[0] == 404


@pytest.mark.long
def test_its_process_loads_without_anything_that_has_set_django_up_before():
    loading = [sys.executable, "-c", "import hosting.plc_directory.asgi"]
    subprocess.run(loading, check=True, timeout=200)


def test_the_settings_point_at_it(plc, settings):
    assert plc.url == settings.PLC_URL


def test_a_posted_operation_can_be_read_back(plc):
    assert fetch(f"{plc.url}/{DID}", GENESIS) == (200, b"OK")
    status, body = fetch(f"{plc.url}/{DID}/log/last")
    assert (status, orjson.loads(body)) == (200, GENESIS)
    assert plc.posts == [f"/{DID}"]


def test_failing_before_stores_nothing(plc):
    plc.fail_before = True
    assert fetch(f"{plc.url}/{DID}", GENESIS)[0] == 503
    assert not is_registered()


def test_failing_after_stores_and_leaves_the_outcome_unknown(plc):
    plc.fail_after = True
    with pytest.raises(BROKEN_OFF):
        fetch(f"{plc.url}/{DID}", GENESIS)
    assert is_registered()
    assert fetch(f"{plc.url}/{DID}/log/last")[0] == 200


def test_a_directory_that_is_down_answers_nothing(plc):
    plc.down = True
    with pytest.raises(BROKEN_OFF):
        fetch(f"{plc.url}/_health")


def test_a_slow_directory_is_late_by_the_delay(plc):
    plc.delay_s = 0.2
    began = time.monotonic()
    fetch(f"{plc.url}/_health")
    assert time.monotonic() - began >= 0.2
