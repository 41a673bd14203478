"""What a warm call of each method asks of Postgres: three statements at most, all prepared.

A method that needs more stands in MORE with the reason; one that no client calls at each start, and
that nobody waits for, in SELDOM. A method without a row in either table does not pass.
"""

from collections.abc import Callable
from typing import Any

import pytest

from hosting.tenancy import routing
from tests.api.clients import Api, Person
from tests.statements import Statements, statements
from xrpc import registry

pytestmark = pytest.mark.django_db

MOST = 3
WARM = 3  # psycopg prepares what comes a second time
POST = "app.bsky.feed.post"
RECORD = {"$type": POST, "text": "hi", "createdAt": "2026-11-22T12:00:00.000Z"}
ADULT = {"$type": "app.bsky.actor.defs#adultContentPref", "enabled": True}
MORE = {
    "app.bsky.actor.putPreferences": (4, "lock, what stays, delete, insert"),
    "com.atproto.server.checkAccountStatus": (8, "asks the directory and takes note; for moving"),
    "com.atproto.server.createSession": (6, "argon2 is a hundred times dearer"),
}
SELDOM = {
    "com.atproto.admin.": "staff",
    "com.atproto.identity.": "changes of an identity, and the network's answers",
    "com.atproto.lexicon.": "asks the network",
    "com.atproto.moderation.": "a report, with its evidence",
    "com.atproto.repo.importRepo": "a job",
    "com.atproto.server.": "changes of an account",
    "com.atproto.sync.getCheckout": "getRepo by another name",
    "com.atproto.sync.getRepo": "reads from a connection of its own",
    "com.atproto.sync.subscribeRepos": "a stream",
    "com.atproto.temp.checkHandleAvailability": "looks for what is free when it is not",
    "app.bsky.": "another service answers",
}


def cases(alice: Person) -> dict[str, Callable[[], Any]]:
    """One call for each method that is counted; each may be made again and again."""
    did, server, sync = alice.did, "com.atproto.server.", "com.atproto.sync."
    repo, numbers = "com.atproto.repo.", iter(range(1_000))
    rkey = alice.create(POST, RECORD)["uri"].rsplit("/", 1)[1]
    image = alice.send(repo + "uploadBlob", b"hello", "image/png").json()["blob"]
    avatar = {"$type": "app.bsky.actor.profile", "avatar": image}
    block = alice.create("app.bsky.actor.profile", avatar, rkey="self")["cid"]
    of_record = {"collection": POST, "rkey": rkey}

    def put():
        record = {**RECORD, "text": str(next(numbers))}
        return alice.call(repo + "putRecord", repo=did, **of_record, record=record)

    def write():
        create = {"$type": repo + "applyWrites#create", "collection": POST, "value": RECORD}
        return alice.call(repo + "applyWrites", repo=did, writes=[create])

    return {
        "app.bsky.actor.getPreferences": lambda: alice.query("app.bsky.actor.getPreferences"),
        "app.bsky.actor.putPreferences": lambda: alice.call(
            "app.bsky.actor.putPreferences", preferences=[ADULT]
        ),
        "com.atproto.identity.resolveHandle": lambda: alice.query(
            "com.atproto.identity.resolveHandle", handle=alice.handle
        ),
        repo + "applyWrites": write,
        repo + "createRecord": lambda: alice.call(
            repo + "createRecord", repo=did, collection=POST, record=RECORD
        ),
        repo + "deleteRecord": lambda: alice.call(
            repo + "deleteRecord", repo=did, collection=POST, rkey="nothing"
        ),
        repo + "describeRepo": lambda: alice.query(repo + "describeRepo", repo=did),
        repo + "getRecord": lambda: alice.query(repo + "getRecord", repo=did, **of_record),
        repo + "listMissingBlobs": lambda: alice.query(repo + "listMissingBlobs"),
        repo + "listRecords": lambda: alice.query(repo + "listRecords", repo=did, collection=POST),
        repo + "putRecord": put,
        repo + "uploadBlob": lambda: alice.send(repo + "uploadBlob", b"again", "text/plain"),
        server + "checkAccountStatus": lambda: alice.query(server + "checkAccountStatus"),
        server + "createSession": lambda: Api(alice.host).call(
            server + "createSession", identifier=alice.handle, password=alice.password
        ),
        server + "describeServer": lambda: alice.query(server + "describeServer"),
        server + "getAccountInviteCodes": lambda: alice.query(server + "getAccountInviteCodes"),
        server + "getServiceAuth": lambda: alice.query(
            server + "getServiceAuth", aud="did:web:x.example.com", lxm=POST
        ),
        server + "getSession": lambda: alice.query(server + "getSession"),
        server + "listAppPasswords": lambda: alice.query(server + "listAppPasswords"),
        server + "refreshSession": lambda: alice.refreshing().send(server + "refreshSession"),
        sync + "getBlob": lambda: alice.query(sync + "getBlob", did=did, cid=image["ref"]["$link"]),
        sync + "getBlocks": lambda: alice.query(sync + "getBlocks", did=did, cids=block),
        sync + "getHead": lambda: alice.query(sync + "getHead", did=did),
        sync + "getLatestCommit": lambda: alice.query(sync + "getLatestCommit", did=did),
        sync + "getRecord": lambda: alice.query(sync + "getRecord", did=did, **of_record),
        sync + "getRepoStatus": lambda: alice.query(sync + "getRepoStatus", did=did),
        sync + "listBlobs": lambda: alice.query(sync + "listBlobs", did=did),
        sync + "listRepos": lambda: alice.query(sync + "listRepos"),
        "com.atproto.temp.checkSignupQueue": lambda: alice.query(
            "com.atproto.temp.checkSignupQueue"
        ),
    }


def counted(call: Callable[[], Any]) -> Statements:
    """The statements of a warm call, which has to be answered well."""
    for _ in range(WARM):
        response = call()
        assert response.status_code == 200, response.content
    with statements() as found:
        response = call()
        if response.streaming:
            response.getvalue()
    return found


@pytest.fixture
def counts(alice, monkeypatch) -> dict[str, Statements]:
    monkeypatch.setattr(routing, "REMEMBERED_S", 600.0)  # a busy machine must not count the host's
    routing.forget()  # what signing up has had remembered for three seconds
    return {nsid: counted(call) for nsid, call in cases(alice).items()}


def test_a_warm_call_takes_three_statements_at_most(counts):
    too_many = {
        nsid: found.count
        for nsid, found in counts.items()
        if found.count > MORE.get(nsid, (MOST, ""))[0]
    }
    assert too_many == {}


def test_a_warm_call_has_postgres_parse_nothing(counts):
    assert {nsid: found.parsed for nsid, found in counts.items() if found.parsed} == {}


def test_every_method_is_counted_or_called_seldom(alice):
    rest = set(registry.registered()) - set(cases(alice))
    assert [nsid for nsid in rest if not nsid.startswith(tuple(SELDOM))] == []
