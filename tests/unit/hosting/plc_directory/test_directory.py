"""The embedded PLC directory over HTTP: its answers, its limits, its order under races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
from django.db import connections
from django.test import Client

from hosting.plc_directory import directory
from hosting.plc_directory.limits import TooManyOperations
from hosting.plc_directory.models import Operation
from protocol.did import did_document
from protocol.did import plc as rules
from protocol.keys import SigningKey
from tests.unit.protocol.did.plc_logs import NOON, genesis_by, successor

RECOVERY, HOST = SigningKey.generate("k256"), SigningKey.generate("p256")
GENESIS = genesis_by(RECOVERY, HOST)
DID = rules.did_of(GENESIS)
UPDATE = successor(GENESIS, HOST)
TOMBSTONE = rules.sign(rules.tombstone(rules.cid_of(GENESIS)), HOST)
NOBODY = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"

pytestmark = pytest.mark.django_db


@pytest.fixture
def http(settings):
    """Django's test client in front of the directory's paths alone."""
    settings.ROOT_URLCONF = "hosting.plc_directory.urls"
    settings.MIDDLEWARE = []
    return Client(raise_request_exception=False)


def post(http, op, did=DID, content_type="application/json"):
    body = op if isinstance(op, bytes) else orjson.dumps(op)
    return http.post(f"/{did}", body, content_type=content_type)


def chain(length, at, step=timedelta(0)):
    """A DID with this many operations in its log, `step` apart."""
    op = genesis_by(RECOVERY, HOST)
    did = rules.did_of(op)
    for number in range(length):
        directory.append(did, op, at + number * step)
        op = successor(op, HOST, f"name-{number}.test")
    return did, op


# --- taking operations


def test_a_valid_operation_is_taken_with_a_plain_ok(http):
    answer = post(http, GENESIS)
    assert (answer.status_code, answer.content) == (200, b"OK")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"


def test_an_operation_that_breaks_a_rule_is_refused_with_a_message(http):
    answer = post(http, GENESIS, NOBODY)
    assert answer.status_code == 400
    assert answer.json() == {
        "message": f"Hash of genesis operation does not match DID identifier: {DID}"
    }
    assert not Operation.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'"\xff"', b"[1.5]", b"{}", b"null"])
def test_what_is_no_operation_is_refused(http, body):
    assert post(http, body).status_code == 400


def test_a_nul_in_a_text_is_refused_and_not_an_error_of_ours(http):
    assert post(http, {**GENESIS, "alsoKnownAs": ["at://a\0b"]}).status_code == 400


def test_a_body_that_does_not_say_json_is_refused(http):
    answer = post(http, GENESIS, content_type="text/plain")
    assert answer.status_code == 400


def test_a_body_over_100_kilobytes_is_refused(http):
    assert post(http, b" " * 100_001).status_code == 413


def test_the_same_operation_again_is_out_of_order(http):
    post(http, GENESIS)
    answer = post(http, GENESIS)
    assert answer.status_code == 400
    assert answer.json() == {"message": "Operations not correctly ordered"}


def test_a_recovery_marks_what_it_put_aside(http):
    recovery = successor(GENESIS, RECOVERY, "carol.test")
    for op in (GENESIS, UPDATE, recovery):
        assert post(http, op).status_code == 200
    audit = http.get(f"/{DID}/log/audit").json()
    assert [entry["nullified"] for entry in audit] == [False, True, False]
    assert http.get(f"/{DID}/log").json() == [GENESIS, recovery]


def test_times_within_a_log_increase_even_when_the_clock_stands():
    did, _ = chain(3, NOON)
    times = [entry.created_at for entry in directory.log_of(did).entries]
    assert times == [NOON + timedelta(milliseconds=n) for n in range(3)]


# --- reading


def test_the_document_is_rendered_from_the_last_operation(http):
    for op in (GENESIS, UPDATE):
        post(http, op)
    answer = http.get(f"/{DID}")
    assert answer["Content-Type"].startswith("application/did+ld+json")
    assert answer.json() == did_document.render(DID, rules.data_of(UPDATE))


def test_a_did_may_be_percent_encoded(http):
    post(http, GENESIS)
    assert http.get("/" + DID.replace(":", "%3A")).json()["id"] == DID


def test_data_are_the_operations_fields_and_the_did(http):
    post(http, GENESIS)
    fields = ("rotationKeys", "verificationMethods", "alsoKnownAs", "services")
    expected = {"did": DID, **{field: GENESIS[field] for field in fields}}
    assert http.get(f"/{DID}/data").json() == expected


def test_the_audit_log_has_cids_and_times(http):
    directory.append(DID, GENESIS, NOON)
    assert http.get(f"/{DID}/log/audit").json() == [
        {
            "did": DID,
            "cid": rules.cid_of(GENESIS),
            "operation": GENESIS,
            "nullified": False,
            "createdAt": "2026-05-04T12:00:00.000Z",
        }
    ]


@pytest.mark.parametrize("path", ["", "/data", "/log", "/log/audit", "/log/last"])
def test_an_unknown_did_is_not_registered(http, path):
    answer = http.get(f"/{NOBODY}{path}")
    assert answer.status_code == 404
    assert answer.json() == {"message": f"DID not registered: {NOBODY}"}


@pytest.mark.parametrize("path", ["", "/data"])
def test_a_tombstoned_did_is_not_available(http, path):
    for op in (GENESIS, TOMBSTONE):
        post(http, op)
    answer = http.get(f"/{DID}{path}")
    assert answer.status_code == 404
    assert answer.json() == {"message": f"DID not available: {DID}"}


def test_the_last_operation_of_a_tombstoned_did_is_its_tombstone(http):
    for op in (GENESIS, TOMBSTONE):
        post(http, op)
    assert http.get(f"/{DID}/log/last").json() == TOMBSTONE


# --- limits


@pytest.mark.long
@pytest.mark.parametrize(
    ("count", "step", "period"),
    [
        (10, timedelta(minutes=5), "hour"),
        (30, timedelta(minutes=45), "day"),
        (100, timedelta(minutes=100), "week"),
    ],
)
def test_a_did_has_so_many_operations_a_period(count, step, period):
    did, following = chain(count, NOON, step)
    with pytest.raises(TooManyOperations) as refusal:
        directory.append(did, following, NOON + count * step)
    assert (refusal.value.period, refusal.value.limit) == (period, count)


def test_a_recovery_is_not_counted_out():
    did, _ = chain(10, NOON)
    last = directory.log_of(did).entries[-2].operation
    directory.append(did, successor(last, RECOVERY, "mine.test"), NOON + timedelta(minutes=1))
    assert directory.last_operation(did)["alsoKnownAs"] == ["at://mine.test"]


def test_limits_can_be_switched_off(settings):
    settings.RATE_LIMITS = False
    did, following = chain(10, NOON)
    directory.append(did, following, NOON)
    assert len(directory.log_of(did).entries) == 11


# --- the export


def exported(http, query=""):
    answer = http.get(f"/export{query}")
    assert answer["Content-Type"] == "application/jsonlines"
    return [orjson.loads(line) for line in answer.content.split(b"\n") if line]


def test_the_export_by_number_gives_sequenced_operations(http):
    chain(3, NOON)
    first, *rest = exported(http, "?after=0")
    assert set(first) == {"type", "seq", "did", "cid", "operation", "createdAt"}
    assert exported(http, f"?after={first['seq']}") == rest


def test_the_export_by_time_gives_the_older_form(http):
    chain(3, NOON, timedelta(seconds=1))
    first, *rest = exported(http)
    assert set(first) == {"did", "cid", "operation", "createdAt", "nullified"}
    assert exported(http, f"?after={first['createdAt']}") == rest


def test_the_export_is_cut_at_the_count(http):
    chain(3, NOON)
    assert len(exported(http, "?count=2")) == 2
    assert len(exported(http, "?count=5000")) == 3


@pytest.mark.parametrize(
    "query",
    ["count=0", "count=-1", "count=x", "after=yesterday", "after=%00", "after=" + "9" * 5000],
)
def test_a_bad_parameter_of_the_export_is_refused(http, query):
    answer = http.get(f"/export?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid")


# --- the rest of HTTP


def test_health_answers_with_a_version(http):
    assert http.get("/_health").json() == {"version": "grove-embedded"}


def test_home_says_what_this_is(http):
    assert b"did:plc directory" in http.get("/").content


def test_any_origin_may_read_and_post(http):
    assert http.get(f"/{NOBODY}")["Access-Control-Allow-Origin"] == "*"
    asked = {"Access-Control-Request-Headers": "content-type"}
    preflight = http.options(f"/{DID}", headers=asked)
    assert preflight.status_code == 204
    assert preflight["Access-Control-Allow-Headers"] == "content-type"


def test_head_answers_like_get_without_a_body(http):
    answer = http.head("/_health")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_method_that_nobody_serves_is_not_allowed(http):
    assert http.delete(f"/{DID}").status_code == 405


@pytest.mark.parametrize(
    "path",
    [f"/{DID}/nothing", "/did:plc:%00", "/did:plc:%00/log"],
    ids=["behind a DID", "NUL", "NUL and log"],
)
def test_a_path_that_nobody_serves_is_not_found_in_json(http, path):
    answer = http.get(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


# --- races, over real connections


def race(did, ops):
    """Append all at once; for each, whether it was taken."""

    def attempt(op):
        try:
            directory.append(did, op)
        except rules.PlcError:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(ops)) as threads:
        return list(threads.map(attempt, ops))


@pytest.mark.django_db(transaction=True)
def test_of_racing_updates_exactly_one_is_taken():
    directory.append(DID, GENESIS)
    taken = race(DID, [successor(GENESIS, HOST, f"racer-{n}.test") for n in range(8)])
    assert taken.count(True) == 1
    assert len(directory.log_of(DID).not_nullified) == 2


@pytest.mark.django_db(transaction=True)
def test_of_racing_first_operations_exactly_one_is_taken():
    assert race(DID, [GENESIS] * 6).count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_racing_dids_do_not_hinder_each_other():
    ops = [genesis_by(SigningKey.generate("k256")) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda op: race(rules.did_of(op), [op]), ops))
    assert Operation.objects.count() == 8
