"""Rate limits through HTTP: who is counted, what every answer says, what a refusal says."""

from dataclasses import replace

import pytest

from accounts.lifecycle import staff_overrides
from accounts.models import Account
from hosting import limits
from hosting.limits import Bucket, Budget
from tests.api.clients import sign_up
from xrpc import rate_limits, registry
from xrpc.rate_limits import Limit

DESCRIBE = "com.atproto.server.describeServer"
CREATE_SESSION = "com.atproto.server.createSession"
DAY = 86_400


@pytest.fixture
def limited(monkeypatch):
    """Give a method other limits than its own."""

    def limit(nsid, *declared):
        changed = replace(registry.find(nsid), limits=declared)
        monkeypatch.setitem(registry.METHODS, nsid, changed)

    return limit


@pytest.fixture
def few_requests(monkeypatch):
    """Two requests a day and network."""
    rate_limits.request_charges.cache_clear()
    monkeypatch.setattr(rate_limits, "REQUESTS", Bucket("requests", (Budget(2, DAY),)))
    yield
    rate_limits.request_charges.cache_clear()


def test_every_answer_says_how_the_tightest_budget_stands(anyone):
    first, second = anyone.query(DESCRIBE), anyone.query(DESCRIBE)
    assert first["RateLimit-Limit"] == "3000"
    assert first["RateLimit-Policy"] == "3000;w=300"
    assert [first["RateLimit-Remaining"], second["RateLimit-Remaining"]] == ["2999", "2998"]
    assert first["RateLimit-Reset"].isdigit()


def test_refusals_of_any_kind_say_it_too(anyone):
    for nsid in ("com.example.nothing", "not-an-nsid", "com.atproto.server.getSession"):
        assert anyone.query(nsid)["RateLimit-Limit"] == "3000"


@pytest.mark.usefixtures("few_requests")
def test_past_the_budget_every_method_is_refused(anyone):
    answers = [anyone.query(DESCRIBE) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].json() == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    assert answers[2]["RateLimit-Remaining"] == "0"
    assert 0 < int(answers[2]["Retry-After"]) <= DAY + 1


@pytest.mark.usefixtures("few_requests")
def test_each_host_counts_for_itself(ash, birch, anyone):
    for _ in range(3):
        anyone.query(DESCRIBE)
    assert replace(anyone, host=birch).query(DESCRIBE).status_code == 200


@pytest.mark.usefixtures("few_requests")
def test_exports_have_a_budget_of_their_own(alice):
    alice.query(DESCRIBE)
    answers = [alice.query("com.atproto.sync.getRepo", did="did:plc:nobody") for _ in range(3)]
    assert [each["RateLimit-Remaining"] for each in answers] == ["5999", "5998", "5997"]


@pytest.mark.usefixtures("few_requests")
def test_the_secret_header_lifts_all_limits(anyone, settings):
    settings.RATE_LIMIT_BYPASS_KEY = "open sesame"
    path = f"/xrpc/{DESCRIBE}"
    answers = [anyone.get(path, HTTP_X_RATELIMIT_BYPASS="open sesame") for _ in range(4)]
    assert [each.status_code for each in answers] == [200] * 4
    assert not answers[0].has_header("RateLimit-Limit")


@pytest.mark.usefixtures("few_requests")
@pytest.mark.parametrize("given", ["", "open", "open sesame!", "\xff"])
def test_another_header_lifts_nothing(anyone, settings, given):
    settings.RATE_LIMIT_BYPASS_KEY = "open sesame"
    path = f"/xrpc/{DESCRIBE}"
    answers = [anyone.get(path, HTTP_X_RATELIMIT_BYPASS=given) for _ in range(3)]
    assert answers[2].status_code == 429


@pytest.mark.usefixtures("few_requests")
def test_without_a_secret_an_empty_header_lifts_nothing(anyone):
    path = f"/xrpc/{DESCRIBE}"
    answers = [anyone.get(path, HTTP_X_RATELIMIT_BYPASS="") for _ in range(3)]
    assert answers[2].status_code == 429


@pytest.mark.usefixtures("few_requests")
@pytest.mark.parametrize("listed", ["192.0.2.7", "192.0.2.0/24"])
def test_listed_addresses_are_not_counted(anyone, settings, listed):
    settings.RATE_LIMIT_BYPASS_IPS = [listed]
    path = f"/xrpc/{DESCRIBE}"
    answers = [anyone.get(path, REMOTE_ADDR="192.0.2.7") for _ in range(4)]
    assert answers[3].status_code == 200


@pytest.mark.usefixtures("few_requests")
def test_an_ipv6_customer_is_one_client(anyone):
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8:0:1::1"]
    answers = [anyone.get(f"/xrpc/{DESCRIBE}", REMOTE_ADDR=one) for one in addresses]
    assert [each.status_code for each in answers] == [200, 200, 429, 200]


@pytest.mark.usefixtures("few_requests")
def test_a_forwarded_address_of_the_clients_own_making_counts_for_nothing(anyone):
    answers = [
        anyone.get(f"/xrpc/{DESCRIBE}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
        for number in range(3)
    ]
    assert answers[2].status_code == 429


@pytest.mark.usefixtures("few_requests")
def test_switched_off_means_no_limit_and_no_headers(anyone, settings):
    settings.RATE_LIMITS = False
    answers = [anyone.query(DESCRIBE) for _ in range(4)]
    assert answers[3].status_code == 200
    assert not answers[3].has_header("RateLimit-Limit")


def test_writes_cost_by_their_kind(alice):
    post = {"$type": "app.bsky.feed.post", "text": "hi", "createdAt": "2024-01-01T00:00:00Z"}
    where = {"repo": alice.did, "collection": "app.bsky.feed.post"}
    write = "com.atproto.repo."
    left = [
        alice.call(write + "createRecord", **where, rkey="3l2b4c5d6e7f2", record=post),
        alice.call(write + "putRecord", **where, rkey="3l2b4c5d6e7f2", record=post),
        alice.call(write + "deleteRecord", **where, rkey="3l2b4c5d6e7f2"),
    ]
    taken = [3_000 - int(each["RateLimit-Remaining"]) for each in left]
    assert taken == [2, 3, 4]  # the network's budget is the tighter one


def test_a_batch_costs_what_its_writes_cost(alice, limited):
    limited("com.atproto.repo.applyWrites", replace(rate_limits.APPLY_WRITES, bucket=TEN))
    answer = alice.call("com.atproto.repo.applyWrites", repo=alice.did, writes=two_writes())
    assert answer.json()["message"] == "Could not find record: app.bsky.feed.post/3l2b4c5d6e7f2"
    assert answer["RateLimit-Remaining"] == "6"


@pytest.mark.parametrize(
    ("nsid", "limit", "points"),
    [("createRecord", rate_limits.CREATE_RECORD, 3), ("putRecord", rate_limits.PUT_RECORD, 2)],
)
def test_every_32_kib_of_a_write_cost_a_point_more(alice, limited, nsid, limit, points):
    limited("com.atproto.repo." + nsid, replace(limit, bucket=TEN))
    record = {"repo": alice.did, "collection": "com.example.thing", "rkey": "k"}
    answer = alice.call("com.atproto.repo." + nsid, **record, record={"text": "x" * 3 * 32_768})
    assert answer.status_code == 200
    assert answer["RateLimit-Remaining"] == str(10 - points - 3)


def test_a_batch_beyond_the_budget_is_refused_whole(alice, limited):
    tiny = Bucket("tiny-writes", (Budget(3, DAY),))
    limited("com.atproto.repo.applyWrites", replace(rate_limits.APPLY_WRITES, bucket=tiny))
    answer = alice.call("com.atproto.repo.applyWrites", repo=alice.did, writes=two_writes())
    assert answer.status_code == 429
    assert alice.query("com.atproto.repo.describeRepo", repo=alice.did).json()["collections"] == []


TEN = Bucket("ten-writes", (Budget(10, DAY),))


def two_writes():
    post = {"$type": "app.bsky.feed.post", "text": "hi", "createdAt": "2024-01-01T00:00:00Z"}
    make = {"$type": "com.atproto.repo.applyWrites#create", "collection": "app.bsky.feed.post"}
    remove = {"$type": "com.atproto.repo.applyWrites#delete", "collection": "app.bsky.feed.post"}
    return [{**make, "rkey": "3l2b4c5d6e7e2", "value": post}, {**remove, "rkey": "3l2b4c5d6e7f2"}]


def test_passwords_cannot_be_guessed_without_end(alice, anyone, limited):
    one_attempt = Bucket("one-login", (Budget(1, DAY),))
    limited(CREATE_SESSION, Limit(one_attempt, rate_limits.by_identifier))
    tries = [
        anyone.call(CREATE_SESSION, identifier=name, password=password)
        for name, password in (("alice.test", "wrong"), ("ALICE.test ", alice.password))
    ]
    assert [each.json()["error"] for each in tries] == [
        "AuthenticationRequired",
        "RateLimitExceeded",
    ]
    assert tries[1]["RateLimit-Policy"] == "1;w=86400"


def test_one_password_cannot_be_tried_on_many_names(alice, anyone, monkeypatch):
    monkeypatch.setattr(limits, "GUESSES", Bucket("two-guesses", (Budget(2, DAY),)))
    names = ["alice.test", "bobby.test", "carol.test"]
    tries = [anyone.call(CREATE_SESSION, identifier=each, password="123456") for each in names]
    assert [each.status_code for each in tries] == [401, 401, 429]


def try_password(anyone, name, password="wrong", **more):
    client = anyone.client()
    body = {"identifier": name, "password": password}
    path = f"/xrpc/{CREATE_SESSION}"
    headers = {"HTTP_HOST": anyone.host.hostname, **more}
    return client.post(path, body, content_type="application/json", **headers).status_code


def test_handle_did_and_address_are_one_account_to_guess_at(alice, anyone, monkeypatch):
    monkeypatch.setattr(limits, "LOGIN", Bucket("two-logins", (Budget(2, DAY),)))
    names = [alice.handle, alice.did, alice.email]
    assert [try_password(anyone, name) for name in names] == [401, 401, 429]


def test_a_new_password_begins_with_a_clean_slate(alice, anyone, monkeypatch):
    monkeypatch.setattr(limits, "LOGIN", Bucket("one-login", (Budget(1, DAY),)))
    assert [try_password(anyone, alice.handle) for _ in range(2)] == [401, 429]
    staff_overrides.set_password(Account.objects.get(did=alice.did), "a password of today")
    assert try_password(anyone, alice.handle, "a password of today") == 200


def test_guesses_from_everywhere_leave_the_owner_some(alice, anyone, monkeypatch):
    monkeypatch.setattr(limits, "ACCOUNT_GUESSES", Bucket("everywhere", (Budget(2, DAY),)))
    monkeypatch.setattr(limits, "GUESSES_UNDER_ATTACK", Bucket("few", (Budget(1, DAY),)))
    for number in range(2):
        assert try_password(anyone, alice.handle, REMOTE_ADDR=f"2001:db8:{number}::1") == 401
    third = {"REMOTE_ADDR": "2001:db8:2::1"}
    assert [try_password(anyone, alice.handle, **third) for _ in range(2)] == [401, 429]
    home = {"REMOTE_ADDR": "192.0.2.1"}
    owners = [try_password(anyone, alice.handle, alice.password, **home) for _ in range(3)]
    assert owners == [200, 200, 200]


@pytest.mark.usefixtures("few_requests")
def test_a_larger_network_has_ten_times_the_budget_of_one(anyone):
    addresses = [f"2001:db8:0:{number:x}::1" for number in range(22)]
    answers = [anyone.get(f"/xrpc/{DESCRIBE}", REMOTE_ADDR=one) for one in addresses]
    assert [each.status_code for each in answers] == [200] * 20 + [429] * 2
    assert anyone.get(f"/xrpc/{DESCRIBE}", REMOTE_ADDR="2001:db8:1::1").status_code == 200


def test_one_account_does_not_hold_a_lane_from_many_networks(alice, monkeypatch):
    monkeypatch.setattr(rate_limits, "ACCOUNT_CALLS_MAX", 0)
    answer = alice.query("com.atproto.server.checkAccountStatus")
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert alice.query("com.atproto.server.getSession").status_code == 200


def test_right_passwords_are_no_guesses(alice, anyone, monkeypatch):
    monkeypatch.setattr(limits, "GUESSES", Bucket("one-guess", (Budget(1, DAY),)))
    login = {"identifier": alice.handle, "password": alice.password}
    tries = [anyone.call(CREATE_SESSION, **login) for _ in range(3)]
    assert [each.status_code for each in tries] == [200] * 3


def test_an_address_cannot_sign_up_without_end(anyone, limited):
    limited("com.atproto.server.createAccount", rate_limits.of_network("none", Budget(0, 300)))
    body = {"handle": "carol.test", "email": "c@example.com", "password": "12345678"}
    assert anyone.call("com.atproto.server.createAccount", **body).status_code == 429


def test_accounts_have_budgets_of_their_own(ash, limited):
    limited("com.atproto.server.getSession", rate_limits.of_account("once", Budget(1, DAY)))
    alice, bob = sign_up(ash, "alice"), sign_up(ash, "bobby")
    asked = [person.query("com.atproto.server.getSession") for person in (alice, alice, bob)]
    assert [each.status_code for each in asked] == [200, 429, 200]


def test_browsers_may_read_the_headers(anyone):
    exposed = anyone.query(DESCRIBE)["Access-Control-Expose-Headers"]
    for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"):
        assert name in exposed


@pytest.mark.parametrize(
    "nsid",
    [
        "com.atproto.identity.submitPlcOperation",
        "com.atproto.identity.refreshIdentity",
        "com.atproto.moderation.createReport",
    ],
)
def test_what_leaves_rows_or_asks_others_is_counted_by_account(nsid):
    assert rate_limits.by_did in {limit.who for limit in registry.find(nsid).limits}


def test_proofs_of_a_did_are_counted_before_anybody_is_asked(anyone, limited):
    nsid, few = "com.atproto.server.createAccount", Bucket("few-proofs", (Budget(1, DAY),))
    limited(nsid, replace(rate_limits.PROVE_DID, bucket=few))
    wanted = {"handle": "a.test", "did": "did:web:slow.example"}
    assert [anyone.call(nsid, **wanted).status_code for _ in range(2)] == [401, 429]
