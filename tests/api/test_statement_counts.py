"""What a warm call of each method asks of Postgres: three statements at most, all prepared.

A method that needs more stands in MORE with the most it may need (those that nobody calls
at each start have some room) and the reason, one that cannot be counted here in ELSEWHERE. A method
without a row does not pass.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from hosting.mail.models import OutgoingMail
from hosting.tenancy import routing
from tests.api.clients import Admin, Api, Person, sign_up
from tests.statements import Statements, statements
from xrpc import registry

pytestmark = pytest.mark.django_db

MOST = 3
WARM = 4  # psycopg prepares what comes a second time; every other call may be another one
POST = "app.bsky.feed.post"
RECORD = {"$type": POST, "text": "hi", "createdAt": "2026-11-22T12:00:00.000Z"}
ADULT = {"$type": "app.bsky.actor.defs#adultContentPref", "enabled": True}
STAFF = "staff; the host's row, the change, and its entry in the audit log"
IDENTITY_CHANGE = "signed, handed to the directory, adopted and announced"
MAILED = "a code, its budgets, and the e-mail in the outbox"
MORE = {
    "app.bsky.actor.putPreferences": (4, "lock, what stays, delete, insert"),
    "com.atproto.admin.deleteAccount": (59, "the end of an account, everywhere"),
    "com.atproto.admin.disableAccountInvites": (9, STAFF),
    "com.atproto.admin.enableAccountInvites": (9, STAFF),
    "com.atproto.admin.getAccountInfo": (10, STAFF),
    "com.atproto.admin.getAccountInfos": (10, STAFF),
    "com.atproto.admin.searchAccounts": (10, STAFF),
    "com.atproto.admin.sendEmail": (9, STAFF),
    "com.atproto.admin.updateAccountEmail": (10, STAFF),
    "com.atproto.admin.updateAccountHandle": (45, IDENTITY_CHANGE),
    "com.atproto.admin.updateAccountPassword": (16, "ends every session of the account"),
    "com.atproto.admin.updateAccountSigningKey": (45, IDENTITY_CHANGE),
    "com.atproto.admin.updateSubjectStatus": (10, STAFF),
    "com.atproto.identity.refreshIdentity": (10, "asks the directory and takes note"),
    "com.atproto.identity.requestPlcOperationSignature": (10, MAILED),
    "com.atproto.identity.signPlcOperation": (12, "asks the directory, burns a code"),
    "com.atproto.identity.submitPlcOperation": (22, IDENTITY_CHANGE),
    "com.atproto.identity.updateHandle": (40, IDENTITY_CHANGE),
    "com.atproto.moderation.createReport": (16, "a report, with its evidence"),
    "com.atproto.server.activateAccount": (26, "looks at the DID, announces the account"),
    "com.atproto.server.checkAccountStatus": (8, "asks the directory and takes note; for moving"),
    "com.atproto.server.confirmEmail": (12, "burns a code under the account's lock"),
    "com.atproto.server.createAccount": (24, "account, keys, DID, repo, events, session"),
    "com.atproto.server.createAppPassword": (12, "argon2 is a hundred times dearer"),
    "com.atproto.server.createSession": (10, "argon2 is a hundred times dearer"),
    "com.atproto.server.deactivateAccount": (26, "announces the account"),
    "com.atproto.server.deleteAccount": (59, "the end of an account, everywhere"),
    "com.atproto.server.requestAccountDelete": (9, MAILED),
    "com.atproto.server.requestEmailConfirmation": (9, MAILED),
    "com.atproto.server.requestPasswordReset": (10, MAILED),
    "com.atproto.server.reserveSigningKey": (6, "counts the others that are kept"),
    "com.atproto.server.resetPassword": (26, "ends every session of the account"),
    "com.atproto.server.revokeAppPassword": (12, "ends every session of that password"),
    "com.atproto.server.updateEmail": (16, "burns codes under the account's lock"),
}
ELSEWHERE = {
    "app.bsky.actor.getProfile": "another service answers",
    "app.bsky.feed.": "another service answers",
    "app.bsky.notification.": "another service answers",
    "com.atproto.label.subscribeLabels": "a stream",
    "com.atproto.lexicon.resolveLexicon": "asks the network",
    "com.atproto.moderation.sendAbuseNotice": "asks the network",
    "com.atproto.repo.importRepo": "a job",
    "com.atproto.sync.getCheckout": "reads from a connection of its own",
    "com.atproto.sync.getRepo": "reads from a connection of its own",
    "com.atproto.sync.listReposByCollection": "the relay's, at its host alone",
    "com.atproto.sync.subscribeRepos": "a stream",
    "network.bsky.jetstream.getZstdDictionary": "a file, without a statement",
}
SERVER, ADMIN, IDENTITY = "com.atproto.server.", "com.atproto.admin.", "com.atproto.identity."
LABELS = "com.atproto.label.queryLabels"
Make = Callable[[], Any]  # the call that is counted
Case = Callable[[], Make]  # what it needs is made before


@pytest.fixture
def admin(ash) -> Admin:
    ash.admin_password, ash.sign_up_limit_count = make_password("sesame"), None
    ash.save()
    return Admin(ash)


def repeatable(alice: Person) -> dict[str, Make]:
    """Calls that may be made again and again."""
    did, server, sync = alice.did, SERVER, "com.atproto.sync."
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
        IDENTITY + "getRecommendedDidCredentials": lambda: alice.query(
            IDENTITY + "getRecommendedDidCredentials"
        ),
        IDENTITY + "refreshIdentity": lambda: alice.call(
            IDENTITY + "refreshIdentity", identifier=did
        ),
        IDENTITY + "resolveDid": lambda: alice.query(IDENTITY + "resolveDid", did=did),
        IDENTITY + "resolveIdentity": lambda: alice.query(
            IDENTITY + "resolveIdentity", identifier=did
        ),
        LABELS: lambda: alice.query(LABELS, uriPatterns=["at://*"]),
        "com.atproto.moderation.createReport": lambda: alice.call(
            "com.atproto.moderation.createReport",
            reasonType="com.atproto.moderation.defs#reasonSpam",
            subject={"$type": "com.atproto.admin.defs#repoRef", "did": did},
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
        "com.atproto.temp.checkHandleAvailability": lambda: alice.query(
            "com.atproto.temp.checkHandleAvailability", handle="nobody-yet.test"
        ),
        "com.atproto.temp.checkSignupQueue": lambda: alice.query(
            "com.atproto.temp.checkSignupQueue"
        ),
    }


def of_staff(alice: Person, admin: Admin) -> dict[str, Make]:
    """The same, of the host's staff."""
    uri = alice.create(POST, RECORD)["uri"]
    marks, names = iter([True, False] * 20), iter(range(1_000))
    record = {
        "$type": "com.atproto.repo.strongRef",
        "uri": uri,
        "cid": alice.create(POST, RECORD)["cid"],
    }

    def mark():
        takedown = {"applied": next(marks)}
        return admin.call(ADMIN + "updateSubjectStatus", subject=record, takedown=takedown)

    def change(name: str, **body: Callable[[], str]) -> Make:
        return lambda: admin.call(ADMIN + name, **{each: make() for each, make in body.items()})

    did, own = (lambda: alice.did), (lambda: alice.did)
    return {
        ADMIN + "getAccountInfo": lambda: admin.query(ADMIN + "getAccountInfo", did=alice.did),
        ADMIN + "getAccountInfos": lambda: admin.query(ADMIN + "getAccountInfos", dids=alice.did),
        ADMIN + "getInviteCodes": lambda: admin.query(ADMIN + "getInviteCodes"),
        ADMIN + "getSubjectStatus": lambda: admin.query(ADMIN + "getSubjectStatus", did=alice.did),
        ADMIN + "searchAccounts": lambda: admin.query(ADMIN + "searchAccounts", email=alice.email),
        ADMIN + "updateSubjectStatus": mark,
        ADMIN + "disableAccountInvites": change("disableAccountInvites", account=own),
        ADMIN + "enableAccountInvites": change("enableAccountInvites", account=own),
        ADMIN + "updateAccountEmail": change(
            "updateAccountEmail", account=own, email=lambda: f"a{next(names)}@example.com"
        ),
        ADMIN + "updateAccountHandle": change(
            "updateAccountHandle", did=did, handle=lambda: f"name{next(names)}.test"
        ),
        ADMIN + "updateAccountPassword": change(
            "updateAccountPassword", did=did, password=lambda: "correct horse battery"
        ),
        ADMIN + "sendEmail": lambda: admin.call(
            ADMIN + "sendEmail", recipientDid=alice.did, content="Hello", senderDid=alice.did
        ),
        SERVER + "createInviteCode": lambda: admin.call(SERVER + "createInviteCode", useCount=1),
        SERVER + "createInviteCodes": lambda: admin.call(
            SERVER + "createInviteCodes", useCount=1, codeCount=2
        ),
    }


def used_up(alice: Person, admin: Admin) -> dict[str, Case]:
    """Calls that serve once: what they need is made for each."""
    names = iter(f"person{number}" for number in range(1_000))

    def newcomer() -> Person:
        return sign_up(alice.host, next(names))

    def by_code(ask: str, use: Callable[[Person, str], Any]) -> Case:
        def prepare() -> Make:
            person = newcomer()
            body = {"email": person.email} if ask.endswith("PasswordReset") else {}
            response = Api(person.host).call(ask, **body) if body else person.send(ask)
            assert response.status_code == 200, response.content
            code = mailed_code(person)
            return lambda: use(person, code)

        return prepare

    def by_newcomer(use: Callable[[Person], Any]) -> Case:
        def prepare() -> Make:
            person = newcomer()
            return lambda: use(person)

        return prepare

    def signed(person: Person, code: str) -> dict[str, Any]:
        answer = person.call(IDENTITY + "signPlcOperation", token=code)
        operation: dict[str, Any] = answer.json()["operation"]
        return operation

    def submitting() -> Make:
        person = newcomer()
        person.send(IDENTITY + "requestPlcOperationSignature")
        operation = signed(person, mailed_code(person))
        return lambda: person.call(IDENTITY + "submitPlcOperation", operation=operation)

    def activating() -> Make:
        person = newcomer()
        person.call(SERVER + "deactivateAccount")
        return lambda: person.send(SERVER + "activateAccount")

    def revoking() -> Make:
        person = newcomer()
        person.call(SERVER + "createAppPassword", name="phone")
        return lambda: person.call(SERVER + "revokeAppPassword", name="phone")

    def disabling() -> Make:
        code = admin.call(SERVER + "createInviteCode", useCount=1).json()["code"]
        return lambda: admin.call(ADMIN + "disableInviteCodes", codes=[code])

    def new_key() -> Make:
        person = newcomer()
        key = Api(person.host).call(SERVER + "reserveSigningKey", did=person.did).json()
        body = {"did": person.did, "signingKey": key["signingKey"]}
        return lambda: admin.call(ADMIN + "updateAccountSigningKey", **body)

    def coming() -> Make:
        name = next(names)
        body = {"handle": f"{name}.test", "email": f"{name}@example.com"}
        password = "correct horse battery"
        nsid = SERVER + "createAccount"
        return lambda: Api(alice.host).call(nsid, **body, password=password)

    mailing = {
        name: by_newcomer(lambda person, name=name: person.send(name))
        for name in (
            SERVER + "requestAccountDelete",
            SERVER + "requestEmailConfirmation",
            SERVER + "requestEmailUpdate",
            IDENTITY + "requestPlcOperationSignature",
        )
    }
    return {
        **mailing,
        SERVER + "requestPasswordReset": by_newcomer(
            lambda person: Api(person.host).call(
                SERVER + "requestPasswordReset", email=person.email
            )
        ),
        SERVER + "createAccount": coming,
        SERVER + "createAppPassword": by_newcomer(
            lambda person: person.call(SERVER + "createAppPassword", name="phone")
        ),
        SERVER + "revokeAppPassword": revoking,
        SERVER + "reserveSigningKey": by_newcomer(
            lambda person: Api(person.host).call(SERVER + "reserveSigningKey", did=person.did)
        ),
        SERVER + "deleteSession": by_newcomer(
            lambda person: person.refreshing().send(SERVER + "deleteSession")
        ),
        SERVER + "deactivateAccount": by_newcomer(
            lambda person: person.call(SERVER + "deactivateAccount")
        ),
        SERVER + "activateAccount": activating,
        SERVER + "updateEmail": by_newcomer(
            lambda person: person.call(SERVER + "updateEmail", email=f"x{person.email}")
        ),
        SERVER + "confirmEmail": by_code(
            SERVER + "requestEmailConfirmation",
            lambda person, code: person.call(
                SERVER + "confirmEmail", email=person.email, token=code
            ),
        ),
        SERVER + "resetPassword": by_code(
            SERVER + "requestPasswordReset",
            lambda person, code: Api(person.host).call(
                SERVER + "resetPassword", token=code, password="correct horse battery"
            ),
        ),
        SERVER + "deleteAccount": by_code(
            SERVER + "requestAccountDelete",
            lambda person, code: Api(person.host).call(
                SERVER + "deleteAccount", did=person.did, password=person.password, token=code
            ),
        ),
        IDENTITY + "signPlcOperation": by_code(
            IDENTITY + "requestPlcOperationSignature",
            lambda person, code: person.call(IDENTITY + "signPlcOperation", token=code),
        ),
        IDENTITY + "submitPlcOperation": submitting,
        IDENTITY + "updateHandle": by_newcomer(
            lambda person: person.call(IDENTITY + "updateHandle", handle=f"{next(names)}x.test")
        ),
        ADMIN + "deleteAccount": by_newcomer(
            lambda person: admin.call(ADMIN + "deleteAccount", did=person.did)
        ),
        ADMIN + "disableInviteCodes": disabling,
        ADMIN + "updateAccountSigningKey": new_key,
    }


def mailed_code(person: Person) -> str:
    text = OutgoingMail.objects.filter(recipient=person.email).latest("pk").text
    return re.search(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", text)[0]


def cases(alice: Person, admin: Admin) -> dict[str, Case]:
    """For each method how to make one call of it."""
    again = {**repeatable(alice), **of_staff(alice, admin)}
    return {
        **{nsid: (lambda make=make: make) for nsid, make in again.items()},
        **used_up(alice, admin),
    }


def counted(case: Case) -> Statements:
    """The statements of a warm call, which has to be answered well."""
    for _ in range(WARM):
        response = case()()
        assert response.status_code == 200, response.content
    call = case()
    with statements() as found:
        response = call()
        if response.streaming:
            response.getvalue()
    assert response.status_code == 200, response.content
    return found


@pytest.fixture
def counts(alice, admin, monkeypatch, settings) -> dict[str, Statements]:
    settings.RATE_LIMITS = False  # so many calls of one network
    monkeypatch.setattr(routing, "REMEMBERED_S", 600.0)  # a busy machine must not count the host's
    routing.forget()  # what signing up has had remembered for three seconds
    return {nsid: counted(case) for nsid, case in cases(alice, admin).items()}


def test_a_warm_call_takes_three_statements_at_most_and_has_none_parsed(counts):
    too_many = {
        nsid: found.count
        for nsid, found in counts.items()
        if found.count > MORE.get(nsid, (MOST, ""))[0]
    }
    assert too_many == {}
    assert {nsid: found.parsed for nsid, found in counts.items() if found.parsed} == {}


def test_every_method_is_counted_here_or_elsewhere(alice, admin):
    rest = set(registry.registered()) - set(cases(alice, admin))
    assert [nsid for nsid in rest if not nsid.startswith(tuple(ELSEWHERE))] == []
