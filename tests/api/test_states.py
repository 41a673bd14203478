"""What an account in each state can do, and what others see of it: one table.

Source: atproto.com/specs/account. Precedence is deleted, takendown, suspended, deactivated: of two
states the graver one decides, and whatever is underneath shows again when it is lifted.
"""

from datetime import timedelta
from itertools import combinations

import pytest
from django.utils import timezone

from accounts import status as account_status
from accounts.lifecycle import activation, deletion
from accounts.models import Account
from moderation.audit import OPERATOR
from protocol.event_stream.frames import EventKind
from provider.jobs import running
from provider.models import Job
from provider.tenancy import suspensions
from tests.api.clients import Api, Person
from tests.unit.repos.events.firehose import stream

THING = "com.example.grove.thing"
REPO, SERVER, SYNC = "com.atproto.repo.", "com.atproto.server.", "com.atproto.sync."
OK = "200"

TABLE = {
    "active": {
        "read": OK,
        "write": OK,
        "login": OK,
        "refresh": OK,
        "proxy": "passed on",
        "service auth": OK,
        "export": OK,
        "export by the owner": OK,
        "resolve": OK,
        "repo status": "active",
        "firehose": "active",
    },
    "deactivated": {
        "read": "400 RepoDeactivated",
        "write": "401 AccountDeactivated",
        "login": "200 deactivated",
        "refresh": "200 deactivated",
        "proxy": "passed on",
        "service auth": OK,
        "export": "400 RepoDeactivated",
        "export by the owner": OK,
        "resolve": "400 HandleNotFound",
        "repo status": "deactivated",
        "firehose": "deactivated",
    },
    "suspended": {
        "read": "400 RepoSuspended",
        "write": "401 AccountSuspended",
        "login": "200 suspended",
        "refresh": "200 suspended",
        "proxy": "401 AccountSuspended",
        "service auth": "401 AccountSuspended",
        "export": "400 RepoSuspended",
        "export by the owner": OK,
        "resolve": "400 HandleNotFound",
        "repo status": "suspended",
        "firehose": "suspended",
    },
    "suspended tenant": {
        "read": "400 RepoSuspended",
        "write": "401 AccountSuspended",
        "login": "401 AccountSuspended",
        "refresh": "200 suspended",
        "proxy": "401 AccountSuspended",
        "service auth": "401 AccountSuspended",
        "export": "400 RepoSuspended",
        "export by the owner": OK,
        "resolve": OK,
        "repo status": "suspended",
        "firehose": "suspended",
    },
    "takendown": {
        "read": "400 RepoTakendown",
        "write": "401 AccountTakedown",
        "login": "401 AccountTakedown",
        "refresh": "401 AccountTakedown",
        "proxy": "401 AccountTakedown",
        "service auth": "400 ExpiredToken",
        "export": "400 RepoTakendown",
        "export by the owner": OK,
        "resolve": "400 HandleNotFound",
        "repo status": "takendown",
        "firehose": "takendown",
    },
    "deleted": {
        "read": "passed on",
        "write": "400 ExpiredToken",
        "login": "401 AuthenticationRequired",
        "refresh": "400 AccountNotFound",
        "proxy": "400 ExpiredToken",
        "service auth": "400 ExpiredToken",
        "export": "400 RepoNotFound",
        "export by the owner": "400 ExpiredToken",
        "resolve": "400 HandleNotFound",
        "repo status": "400 RepoNotFound",
        "firehose": "deleted",
    },
}
GRAVEST_FIRST = ("deleted", "takendown", "suspended", "deactivated")
PAIRS = [(), *((state,) for state in GRAVEST_FIRST), *combinations(GRAVEST_FIRST, 2)]


def enter(account: Account, state: str) -> None:
    """Put an account into one more state."""
    if state == "deactivated":
        activation.deactivate(account)
    elif state == "takendown":
        account_status.take_down(account)
    elif state == "deleted":
        deletion.delete(account)
    else:
        account_status.suspend(account, timezone.now() + timedelta(days=1))


def outcome(response) -> str:
    if not response.has_header("Content-Type"):
        return "passed on"  # the service that it is for says the rest
    answer = response.json() if response["Content-Type"].startswith("application/json") else {}
    if response.status_code != 200:
        return f"{response.status_code} {answer['error']}"
    return f"200 {answer['status']}" if answer.get("active") is False else OK


def observed(anyone: Api, person: Person, repo_id: int) -> dict[str, str]:
    """Every column, asked for."""
    did, record = person.did, {"repo": person.did, "collection": THING}
    login = {"identifier": did, "password": person.password}
    status = anyone.query(SYNC + "getRepoStatus", did=did)
    proxied = person.get("/xrpc/app.bsky.feed.getTimeline")
    _kind, body = [each for each in stream.events(repo_id) if each[0] is EventKind.ACCOUNT][-1]
    return {
        "read": outcome(anyone.query(REPO + "getRecord", **record, rkey="k")),
        "write": outcome(person.call(REPO + "createRecord", **record, record={"n": 1})),
        "login": outcome(anyone.call(SERVER + "createSession", **login)),
        "refresh": outcome(person.refreshing().send(SERVER + "refreshSession")),
        "proxy": outcome(proxied),
        "service auth": outcome(person.query(SERVER + "getServiceAuth", aud=AUDIENCE, lxm=LXM)),
        "export": outcome(anyone.query(SYNC + "getRepo", did=did)),
        "export by the owner": outcome(owner(anyone, person).query(SYNC + "getRepo", did=did)),
        "resolve": outcome(anyone.query(IDENTITY, handle=person.handle)),
        "repo status": shown(status),
        "firehose": "active" if body["active"] else body["status"],
    }


AUDIENCE, LXM = "did:web:feeds.example", "app.bsky.feed.getFeedSkeleton"
IDENTITY = "com.atproto.identity.resolveHandle"


def shown(response) -> str:
    if response.status_code != 200:
        return outcome(response)
    answer = response.json()
    return "active" if answer["active"] else answer["status"]


def owner(anyone: Api, person: Person) -> Api:
    """Who logs in to move away; the old session where there is no other."""
    login = {"identifier": person.did, "password": person.password, "allowTakendown": True}
    answer = anyone.call(SERVER + "createSession", **login).json()
    return Api(person.host, answer.get("accessJwt", person.token))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("states", PAIRS, ids=" and ".join)
def test_the_graver_state_decides(alice, anyone, settings, states):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "https://view.example", "did:web:view.example"
    alice.create(THING, {"n": 1}, rkey="k")
    account = Account.objects.get(did=alice.did)
    for state in reversed(states):  # the lighter one first: a deleted account enters no other
        enter(account, state)
    expected = TABLE[states[0] if states else "active"]
    assert observed(anyone, alice, account.pk) == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("below", ["active", "deactivated", "suspended"])
def test_what_was_underneath_shows_again_when_a_takedown_is_lifted(alice, anyone, settings, below):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "https://view.example", "did:web:view.example"
    alice.create(THING, {"n": 1}, rkey="k")
    account = Account.objects.get(did=alice.did)
    if below != "active":
        enter(account, below)
    account_status.take_down(account)
    account_status.restore(account)
    # A takedown ends every session for good, and its access tokens with it.
    ended = dict.fromkeys(("write", "refresh", "proxy", "service auth"), "400 ExpiredToken")
    assert observed(anyone, alice, account.pk) == {**TABLE[below], **ended}


@pytest.mark.django_db(transaction=True)
def test_a_suspended_tenants_people_are_suspended_and_then_what_they_were(alice, anyone, settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "https://view.example", "did:web:view.example"
    settings.VALKEY_URL = ""
    alice.create(THING, {"n": 1}, rkey="k")
    account, tenant = Account.objects.get(did=alice.did), alice.host.tenant
    suspensions.suspend(tenant, OPERATOR, reason="unpaid")
    Job.objects.make_due()
    running.queue.sweep()
    assert observed(anyone, alice, account.pk) == TABLE["suspended tenant"]
    suspensions.resume(tenant, OPERATOR)
    assert observed(anyone, alice, account.pk) == TABLE["active"]


@pytest.mark.django_db(transaction=True)
def test_people_of_a_suspended_tenant_are_told_why_and_can_leave(alice, anyone):
    suspensions.suspend(alice.host.tenant, OPERATOR, reason="unpaid")
    refused = alice.call(REPO + "createRecord", repo=alice.did, collection=THING, record={})
    assert refused.json()["message"] == "This server is suspended: unpaid"
    leaving = owner(anyone, alice)
    asked = {"aud": "did:web:new.example", "lxm": SERVER + "createAccount"}
    assert leaving.query(SERVER + "getServiceAuth", **asked).status_code == 200
    assert leaving.query(SYNC + "listBlobs", did=alice.did).status_code == 200
    assert leaving.call(SERVER + "deactivateAccount").status_code == 200
    for closed in ("sign-up", "handle/change", "u/somebody/handle/domain", "apps/passwords/new"):
        page = anyone.get(f"/account/{closed}")
        assert page.status_code == 403
    assert "is suspended: unpaid" in page.content.decode()
    assert "is suspended: unpaid" in anyone.get("/account/sign-in").content.decode()
