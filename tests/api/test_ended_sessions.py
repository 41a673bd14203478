"""A session that was ended is ended: its access token opens no method any more, at once.

Every way in which sessions end is tried at every method that takes a session's token; a session
beside the ended one goes on where only one was ended.
"""

import time

import orjson
import pytest

from accounts import status
from accounts.authentication import credentials, email_codes, session_tokens, sessions, web_sessions
from accounts.lifecycle import deletion, staff_overrides
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, Session
from accounts.signup.sign_up import SignUp
from protocol import cid
from protocol.did.did_document import DidDocument
from tests.api.clients import Api, Person
from tests.tenancy.test_cross_tenant import MATRIX, answer_to, filled
from xrpc import registry
from xrpc.auth.declared import Kind

SERVER = "com.atproto.server."
ENDED = "400 ExpiredToken"
TAKEN = (Kind.ACCOUNT, Kind.ACCOUNT_OR_SERVICE, Kind.ACCOUNT_OR_BEARER, Kind.OPTIONAL_OWNER)
METHODS = {nsid: registry.find(nsid) for nsid in MATRIX if registry.find(nsid).auth.kind in TAKEN}


@pytest.fixture(autouse=True)
def _app_view(settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "http://127.0.0.1:9", "did:web:view.example.com"


def answers(old: Person, scope: str = session_tokens.ACCESS_SCOPE) -> dict[str, str]:
    """What each method that takes such a token says to it, and two ways that are no methods."""
    some_cid = cid.to_text(cid.of_raw(b"whatever"))
    facts = {"did": old.did, "handle": old.handle, "email": old.email, "cid": some_cid}
    facts |= {"blob": some_cid, "confirm_code": "AAAAA-BBBBB", "app_password_name": "x"}
    said = {}
    for nsid, method in METHODS.items():
        if scope in method.auth.scopes:
            response = answer_to(nsid, old, filled(MATRIX[nsid].asked, facts))
            said[nsid] = _summary(response)
    said["an unknown one"] = _summary(old.get("/xrpc/com.example.unknown"))
    by_handle = {"repo": old.handle, "collection": "com.example.thing", "record": {"n": 1}}
    said["a write by handle"] = _summary(old.call("com.atproto.repo.createRecord", **by_handle))
    return said


def _summary(response) -> str:
    if response.status_code == 200:
        return "200"
    return f"{response.status_code} {orjson.loads(response.content)['error']}"


def all_ended(said: dict[str, str]) -> bool:
    assert said == dict.fromkeys(said, ENDED)
    return len(said) > 20


def log_in(person: Person, password: str = "") -> Person:
    login = {"identifier": person.handle, "password": password or person.password}
    pair = Api(person.host).call(SERVER + "createSession", **login).json()
    tokens_ = pair["accessJwt"], pair["refreshJwt"]
    return Person(person.host, tokens_[0], person.did, person.handle, "", tokens_[1])


def account_of(person: Person) -> Account:
    return Account.objects.select_related("host").get(did=person.did)


def test_every_method_takes_the_token_while_its_session_stands(alice):
    assert ENDED not in answers(alice).values()


def test_a_reset_password_ends_every_session(alice, anyone):
    code = email_codes.issue(account_of(alice), email_codes.Purpose.RESET_PASSWORD)
    reset = anyone.call(SERVER + "resetPassword", token=code, password="quite another one")
    assert reset.status_code == 200
    assert all_ended(answers(alice))
    assert log_in(alice, "quite another one").query(SERVER + "getSession").status_code == 200


def test_a_password_that_the_staff_set_ends_every_session(alice):
    staff_overrides.set_password(account_of(alice), "quite another one")
    assert all_ended(answers(alice))


def test_signing_out_ends_that_session_and_no_other(alice):
    beside = log_in(alice)
    assert alice.refreshing().send(SERVER + "deleteSession").status_code == 200
    assert all_ended(answers(alice))
    assert beside.query(SERVER + "getSession").status_code == 200
    assert beside.create("com.example.thing", {"n": 1})["uri"]


def test_signing_out_ends_the_tokens_of_earlier_refreshes_too(alice):
    newer = alice.refreshing().send(SERVER + "refreshSession").json()
    assert Api(alice.host, newer["refreshJwt"]).send(SERVER + "deleteSession").status_code == 200
    assert all_ended(answers(alice))


def test_a_revoked_app_password_ends_the_sessions_of_its_app_alone(alice):
    made = alice.call(SERVER + "createAppPassword", name="phone").json()
    app, laptop = log_in(alice, made["password"]), log_in(alice)
    assert app.create("com.example.thing", {"n": 1})["uri"]
    assert alice.call(SERVER + "revokeAppPassword", name="phone").status_code == 200
    assert all_ended(answers(app, session_tokens.APP_PASSWORD_SCOPE))
    assert laptop.query(SERVER + "getSession").status_code == 200


def test_a_deleted_accounts_token_is_worth_nothing(alice):
    deletion.delete(account_of(alice))
    assert all_ended(answers(alice))


def test_a_takedown_ends_the_sessions_for_good(alice):
    status.take_down(account_of(alice))
    assert ENDED in answers(alice).values()
    status.restore(account_of(alice))
    assert all_ended(answers(alice))


def test_who_was_taken_down_signs_out_with_the_tokens_to_leave_with(alice):
    status.take_down(account_of(alice))
    login = {"identifier": alice.did, "password": alice.password, "allowTakendown": True}
    pair = Api(alice.host).call(SERVER + "createSession", **login).json()
    assert Api(alice.host, pair["refreshJwt"]).send(SERVER + "deleteSession").status_code == 200
    asked = {"aud": "did:web:other.example", "lxm": SERVER + "createAccount"}
    response = Api(alice.host, pair["accessJwt"]).query(SERVER + "getServiceAuth", **asked)
    assert _summary(response) == ENDED


def test_tokens_to_leave_with_outlive_no_takedown_by_refreshing(alice):
    status.take_down(account_of(alice))
    login = {"identifier": alice.did, "password": alice.password, "allowTakendown": True}
    pair = Api(alice.host).call(SERVER + "createSession", **login).json()
    status.restore(account_of(alice))
    response = Api(alice.host, pair["refreshJwt"]).send(SERVER + "refreshSession")
    assert _summary(response) == ENDED


def test_who_moves_in_again_ends_the_former_owners_sessions(alice, ash, monkeypatch):
    assert alice.call(SERVER + "deactivateAccount").status_code == 200
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
    elsewhere = {**service, "serviceEndpoint": "https://elsewhere.example.com"}
    document = {"id": alice.did, "service": [elsewhere]}
    monkeypatch.setattr(move_in, "resolve", lambda *_a, **_k: DidDocument(document))
    wanted = SignUp(alice.handle, "new@example.com", "a password of theirs", did=alice.did)
    move_in.move_in(ash, wanted)
    assert all_ended(answers(alice))


def test_a_token_of_an_earlier_release_goes_on_until_its_session_ends(alice):
    """Those did not name their session."""
    now = int(time.time())
    lasts = now, now + session_tokens.ACCESS_LIFETIME_S
    claims = session_tokens.claims_of(alice.host, alice.did, session_tokens.ACCESS_SCOPE, *lasts)
    token = session_tokens.make_token(alice.host, session_tokens.ACCESS_HEADER, claims)
    older = Person(alice.host, token, alice.did, alice.handle)
    assert older.query(SERVER + "getSession").status_code == 200
    assert alice.refreshing().send(SERVER + "deleteSession").status_code == 200
    assert all_ended(answers(older))


def test_tokens_of_one_second_are_told_apart_by_their_sessions(alice, monkeypatch):
    """The clock stands still: what began before the end is over, what begins after it is not."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    before, cookie = log_in(alice), web_sessions.begin(account_of(alice))
    staff_overrides.set_password(account_of(alice), "quite another one")
    after = log_in(alice, "quite another one")
    new_cookie = web_sessions.begin(account_of(alice))
    own = SERVER + "getSession"
    assert [_summary(each.query(own)) for each in (before, after)] == [ENDED, "200"]
    assert before.refreshing().send(SERVER + "refreshSession").status_code == 400
    assert after.refreshing().send(SERVER + "refreshSession").status_code == 200
    signed_in = [web_sessions.account_of(alice.host, each) for each in (cookie, new_cookie)]
    assert signed_in == [None, account_of(alice)]


def test_nobody_signs_in_with_a_password_that_is_being_changed(alice, monkeypatch):
    """The password was right when it was looked at, and another one by the time a session began."""
    proof = credentials.authenticate_app(alice.host, alice.handle, alice.password)
    staff_overrides.set_password(account_of(alice), "quite another one")
    with pytest.raises(credentials.InvalidLogin):
        sessions.begin_with(proof)
    assert not Session.objects.filter(account=proof.account).exists()


def test_an_ended_session_spends_nothing_of_the_accounts_budgets(alice, settings):
    settings.RATE_LIMITS = True
    beside = log_in(alice)
    assert alice.refreshing().send(SERVER + "deleteSession").status_code == 200
    for _ in range(6):  # the budget is five an hour
        refusal = alice.send(SERVER + "requestEmailConfirmation")
        assert refusal.json()["error"] == "ExpiredToken"
    assert beside.send(SERVER + "requestEmailConfirmation").status_code == 200
