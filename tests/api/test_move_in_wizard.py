"""Moves in by the wizard's domain; the old host is another tenant's, at a patched network."""

import re
import secrets
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.authentication import credentials, web_sessions
from accounts.identity.keys import signing_keys
from accounts.identity.plc import updates
from accounts.identity.plc.rotation_keys import TooManyKeys
from accounts.lifecycle import deletion, preferences
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account
from accounts.oauth.own_client.refusals import SignInLost
from accounts.pages.cookies import COOKIE
from accounts.signup.rules import SignUp
from hosting.mail.models import OutgoingMail
from hosting.models import Tenant
from protocol.did import plc
from protocol.errors import InvalidRequest
from protocol.keys import SigningKey
from repos.account_transfer import bring_repo
from repos.account_transfer.moves import (
    beginning,
    copying,
    identity_change,
    oauth_sign_in,
    old_session,
)
from repos.account_transfer.moves.beginning import NotYourKey
from repos.account_transfer.moves.old_host_calls import (
    OldCodeNeeded,
    OldHostSilent,
    OldPasswordNeeded,
    OldPasswordWrong,
    OldSessionEnded,
)
from repos.blobs.fetching import worker as blob_worker
from repos.blobs.missing import count_missing
from repos.models import BlobFetch, MoveIn, Repo
from server.encryption import compact_jws, keyring
from server.net import http_client
from tests.api.clients import Person
from tests.api.test_import import folders
from tests.api.test_moving import export, with_picture
from tests.oauth_app import agreed

__all__ = ["folders"]
pytestmark = pytest.mark.django_db(transaction=True)
NEW = "a brand new password"
ITEM = {"$type": "app.bsky.actor.defs#adultContentPref", "enabled": True}


class Network:
    """Leads to the other tenant's host. A test may spoil it."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []

    def request(self, method: str, url: str, **given: Any) -> http_client.Answer:
        parts = urlsplit(url)
        nsid = parts.path.rpartition("/")[2]
        self.asked.append(nsid)
        if self.failure is not None:
            raise self.failure
        if nsid in self.answers:
            status, said = self.answers[nsid]
            return self._answer(
                status, {}, said if isinstance(said, bytes) else orjson.dumps(said), given
            )
        headers = {**(given.get("headers") or {}), "host": parts.netloc}
        kind = headers.pop("Content-Type", "application/json")
        response = Client().generic(
            method, f"{parts.path}?{parts.query}", given.get("body") or b"", kind, headers=headers
        )
        return self._answer(
            response.status_code, dict(response.items()), response.getvalue(), given
        )

    def _answer(self, status: int, headers, body: bytes, given) -> http_client.Answer:
        if given.get("into") is not None:
            given["into"].write(body)
            body = b""
        return http_client.Answer(status, {k.lower(): v for k, v in headers.items()}, body)


@pytest.fixture(autouse=True)
def network(monkeypatch, settings, directory, folders) -> Network:
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    monkeypatch.setattr(copying, "LOOK_AGAIN", timedelta(0))
    settings.SMTP_URL = ""  # captured
    there = Network()
    monkeypatch.setattr(http_client, "request", there.request)
    return there


@pytest.fixture
def traveller(mallory) -> Person:
    """Lives at birch, and wrote there."""
    with_picture(mallory)
    preferences.replace(account_of(mallory), [ITEM])
    return mallory


def account_of(person: Person) -> Account:
    return Account.objects.get(did=person.did, host=person.host)


def wanted(person: Person, **changes: Any) -> SignUp:
    given = {"handle": "mallory.test", "email": "m@example.com", "password": NEW, "did": person.did}
    return SignUp(**given | changes)


def begun(ash, person: Person) -> Account:
    return beginning.from_old_host(ash, wanted(person), person.password, "")


def work(account: Account) -> MoveIn:
    """Whatever the workers have to do."""
    for _ in range(20):
        copying.sweep()
        blob_worker.run(account.pk)
    return move_of(account)


def move_of(account: Account) -> MoveIn:
    return MoveIn.objects.get(pk=account.pk)


def mailed_code() -> str:
    text = OutgoingMail.objects.filter(kind="plc_operation").latest("pk").text
    return re.search(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", text).group()


def confirmed(account: Account) -> MoveIn:
    identity_change.mail_code(account, move_of(account))
    identity_change.confirm_with_code(account, move_of(account), mailed_code())
    return work(account)


def test_all_is_copied_and_nothing_is_public(ash, traveller, directory):
    said = len(directory)
    account = begun(ash, traveller)
    move = work(account)
    assert (move.state, Repo.objects.get(pk=account.pk).record_count) == ("copied", 6)
    assert preferences.of_account(account) == [ITEM]
    assert move_in.is_moving_in(account)
    assert len(directory) == said


def test_blobs_come_behind(ash, traveller):
    account = begun(ash, traveller)
    copying.sweep()
    BlobFetch.objects.update(next_attempt_at=timezone.now())
    work(account)
    assert count_missing(account.pk) == 0


def test_nobody_moves_on_to_a_suspended_tenant(ash, traveller, network):
    account = begun(ash, traveller)
    Tenant.objects.filter(pk=ash.tenant_id).update(suspended_at=timezone.now())
    network.asked.clear()
    move = work(account)
    assert (move.state, move.attempts, network.asked) == ("waiting", 0, [])
    Tenant.objects.filter(pk=ash.tenant_id).update(suspended_at=None)
    MoveIn.objects.open().make_due()
    assert work(account).state == "copied"


@pytest.mark.parametrize("status", [400, 501])
def test_a_host_that_has_no_preferences_stops_nothing(ash, traveller, network, status):
    said = (status, {"error": "MethodNotImplemented", "message": "none"})
    network.answers["app.bsky.actor.getPreferences"] = said
    assert work(begun(ash, traveller)).state == "copied"


@pytest.mark.parametrize(
    ("status", "said", "named"),
    [
        (200, b"<html>", "makes no sense"),
        (200, {"preferences": "none"}, "no preferences"),
        (500, {"error": "InternalServerError"}, "answered 500"),
        (400, {"error": "MethodNotImplemented", "message": "not here"}, "not here"),
    ],
)
def test_preferences_that_do_not_come_are_named_and_gone_past(
    ash, traveller, network, status, said, named
):
    network.answers["app.bsky.actor.getPreferences"] = (status, said)
    account = begun(ash, traveller)
    for _ in range(copying.PREFERENCES_ATTEMPTS):
        MoveIn.objects.open().make_due()
        move = work(account)
    assert move.state == "copied"
    assert named in move.preferences_error


def test_a_host_that_is_silent_for_a_while_keeps_the_preferences(ash, traveller, network):
    network.answers["app.bsky.actor.getPreferences"] = (503, {"error": "Busy"})
    account = begun(ash, traveller)
    assert work(account).state == "waiting"
    network.answers.clear()
    MoveIn.objects.open().make_due()
    assert work(account).preferences_error == ""
    assert preferences.of_account(account) == [ITEM]


def test_an_old_host_that_is_silent_in_the_end_is_asked_again_to_rest(ash, traveller, network):
    account = begun(ash, traveller)
    work(account)
    network.answers["com.atproto.server.deactivateAccount"] = (503, {"error": "Busy"})
    move = confirmed(account)
    account.refresh_from_db()
    assert (account.status, move.state, move.left_error) == ("active", "waiting", "")
    network.answers.clear()
    MoveIn.objects.open().make_due()
    assert work(account).left_at is not None
    assert account_of(traveller).status == "deactivated"


def test_an_old_host_that_stays_silent_is_given_up_and_named(ash, traveller, network):
    account = begun(ash, traveller)
    work(account)
    network.answers["com.atproto.server.deactivateAccount"] = (503, {"error": "Busy"})
    confirmed(account)
    for _ in range(copying.MAX_ATTEMPTS):
        MoveIn.objects.open().make_due()
        move = work(account)
    assert (move.state, move.left_error) == ("done", "The old host answered 503")
    assert move.session is None


def test_tokens_renewed_for_a_call_that_fails_are_kept(ash, traveller, network):
    account = begun(ash, traveller)
    with suppress(OldHostSilent), old_session.opened(account, move_of(account)) as old:
        old.access = "renewed"
        raise OldHostSilent
    assert old_session.of(account, move_of(account)).access == "renewed"


def test_all_keys_of_their_owner_stay_above_ours(ash, traveller, directory):
    own = [SigningKey.generate().did_key for _ in range(7)]
    account = begun(ash, traveller)
    work(account)
    data = replace(updates.newest(account)[1], rotation_keys=(*own, "did:key:of-the-old-host"))
    asked = identity_change.after_move(
        account, data, without=frozenset({"did:key:of-the-old-host"})
    )
    assert asked.rotation_keys == (*own, ash.rotation_did_key)
    full = replace(data, rotation_keys=tuple(f"did:key:z{n}" for n in range(10)))
    with pytest.raises(TooManyKeys):
        identity_change.after_move(account, full)


def test_confirmed_the_account_lives_here_and_rests_there(ash, traveller):
    account = begun(ash, traveller)
    work(account)
    move = confirmed(account)
    account.refresh_from_db()
    assert (move.state, account.status) == ("done", "active")
    assert account_of(traveller).status == "deactivated"
    assert OutgoingMail.objects.filter(kind="moved_in", recipient="m@example.com").exists()


def test_in_the_end_no_secret_is_left(ash, traveller):
    account = begun(ash, traveller)
    work(account)
    assert confirmed(account).session is None


def test_the_password_is_not_kept_and_tokens_are_wrapped(ash, traveller):
    account = begun(ash, traveller)
    session = bytes(move_of(account).session)
    assert traveller.password.encode() not in keyring.unwrap(session)
    assert b"eyJ" not in session


def test_a_session_is_forgotten_after_a_day(ash, traveller):
    account = begun(ash, traveller)
    MoveIn.objects.update(session_until=timezone.now())
    copying.sweep()
    assert move_of(account).session is None
    with pytest.raises(OldSessionEnded):
        old_session.of(account, move_of(account))


def test_who_signs_in_there_again_goes_on(ash, traveller, network):
    network.answers["com.atproto.sync.getRepo"] = (400, {"error": "ExpiredToken", "message": "x"})
    network.answers["com.atproto.server.refreshSession"] = (400, {"error": "ExpiredToken"})
    account = begun(ash, traveller)
    assert work(account).state == "stopped"
    network.answers.clear()
    beginning.sign_in_again(account, move_of(account), traveller.password, "")
    assert work(account).state == "copied"


def test_a_token_that_ran_out_is_renewed(ash, traveller, network):
    account = begun(ash, traveller)
    old = old_session.of(account, move_of(account))
    old.access = old.refresh  # no access token
    old_session.keep(account.pk, old)
    MoveIn.objects.update(import_job_id=None, records_at=None)
    assert work(account).state == "copied"
    assert "com.atproto.server.refreshSession" in network.asked


def test_a_wrong_password_there_makes_nothing_here(ash, traveller):
    with pytest.raises(OldPasswordWrong):
        beginning.from_old_host(ash, wanted(traveller), "wrong", "")
    assert not Account.objects.of(ash).exists()


def test_a_second_factor_there_is_asked_for(ash, traveller, network):
    network.answers["com.atproto.server.createSession"] = (
        401,
        {"error": "AuthFactorTokenRequired", "message": "A sign in code has been sent"},
    )
    with pytest.raises(OldCodeNeeded):
        begun(ash, traveller)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, {"did": "did:plc:" + "b" * 24, "accessJwt": "a", "refreshJwt": "b"}),
        (200, {"accessJwt": ["a"]}),
        (200, []),
        (502, {"error": "UpstreamFailure"}),
        (200, b"[" * 100_000),
    ],
)
def test_a_host_that_talks_nonsense_makes_nothing_here(ash, traveller, network, answer):
    network.answers["com.atproto.server.createSession"] = answer
    with pytest.raises(OldHostSilent):
        begun(ash, traveller)
    assert not Account.objects.of(ash).exists()


def test_a_host_cannot_vouch_for_somebody_elses_did(ash, traveller, bob, network):
    network.answers["com.atproto.server.getServiceAuth"] = (200, {"token": "a.b.c"})
    with pytest.raises(compact_jws.BadServiceToken):
        begun(ash, traveller)
    assert not Account.objects.of(ash).filter(did=traveller.did).exists()


def test_a_token_with_a_line_break_never_gets_into_a_header(ash, traveller, network):
    said = {"did": traveller.did, "accessJwt": "a\r\nX: y", "refreshJwt": "b"}
    network.answers["com.atproto.server.createSession"] = (200, said)
    with pytest.raises(OldHostSilent):
        begun(ash, traveller)


def test_a_silent_host_is_asked_again_and_given_up_in_the_end(ash, traveller, network):
    account = begun(ash, traveller)
    MoveIn.objects.update(import_job_id=None, records_at=None)
    network.failure = http_client.TimedOut("silence")
    for _ in range(copying.MAX_ATTEMPTS + 1):
        MoveIn.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
        copying.sweep()
    move = move_of(account)
    assert (move.state, move.last_error) == ("stopped", "The old host does not answer")


def test_another_accounts_repo_stops_the_move(ash, traveller, bob, network):
    network.answers["com.atproto.sync.getRepo"] = (200, export(bob))
    account = begun(ash, traveller)
    move = work(account)
    assert move.state == "stopped"
    assert "contains the repo of" in move.last_error


def test_the_did_changes_only_once_the_records_are_here(ash, traveller, network):
    network.answers["com.atproto.sync.getRepo"] = (400, {"error": "RepoNotFound", "message": "no"})
    account = begun(ash, traveller)
    work(account)
    with pytest.raises(identity_change.NotCopiedYet):
        identity_change.mail_code(account, move_of(account))


def test_an_operation_that_leads_elsewhere_is_not_handed_in(ash, traveller, network, directory):
    account = begun(ash, traveller)
    work(account)
    said = len(directory)
    elsewhere = orjson.loads(directory[-1][1])
    network.answers["com.atproto.identity.signPlcOperation"] = (200, {"operation": elsewhere})
    with pytest.raises(InvalidRequest):
        identity_change.confirm_with_code(account, move_of(account), "code")
    assert len(directory) == said
    assert move_of(account).confirmed_at is None


def test_a_move_that_was_cut_off_after_the_directory_goes_on(ash, traveller, monkeypatch):
    account = begun(ash, traveller)
    work(account)
    identity_change.mail_code(account, move_of(account))
    with monkeypatch.context() as killed:
        killed.setattr(copying.queue, "wake", lambda _: None)  # right after the directory
        identity_change.confirm_with_code(account, move_of(account), mailed_code())
    MoveIn.objects.update(confirmed_at=None, state="copied", decided_at=timezone.now())
    work(account)
    account.refresh_from_db()
    assert account.status == "active"


def test_a_host_that_will_not_let_go_is_named_in_the_mail(ash, traveller, network):
    network.answers["com.atproto.server.deactivateAccount"] = (400, {"error": "X", "message": "no"})
    account = begun(ash, traveller)
    work(account)
    assert confirmed(account).left_error == "The old host answered: no"
    assert "could not be deactivated" in OutgoingMail.objects.get(kind="moved_in").text


def test_a_move_goes_with_its_account(ash, traveller):
    account = begun(ash, traveller)
    deletion.delete(account)
    assert not MoveIn.objects.exists()


def test_a_key_of_ones_own_stays_above_ours(ash, traveller, directory):
    own = SigningKey.generate()
    add_key(traveller, own, directory)
    account = begun(ash, traveller)
    work(account)
    confirmed(account)
    keys = orjson.loads(directory[-1][1])["rotationKeys"]
    assert keys == [own.did_key, ash.rotation_did_key]


# --- the old host is gone


def add_key(person: Person, own: SigningKey, directory) -> None:
    """A recovery key, in the first place, by the host's hand."""
    url, newest = directory[-1]
    operation = orjson.loads(newest)
    data = plc.data_of(operation)
    changed = {
        **plc.update(data, plc.cid_of(operation)),
        "rotationKeys": [own.did_key, *data.rotation_keys],
    }
    directory.append((url, orjson.dumps(plc.sign(changed, signing_keys.rotation_key(person.host)))))


def proof(ash, person: Person, key: SigningKey, **changes: Any) -> str:
    """As the browser signs it."""
    claims = {
        "iss": person.did,
        "aud": ash.service_did,
        "lxm": beginning.METHOD,
        "exp": int(time.time()) + 300,
        "jti": secrets.token_hex(8),
    }
    header = {"typ": "JWT", "alg": key.public.jwt_algorithm}
    signed = compact_jws.segment(header) + b"." + compact_jws.segment({**claims, **changes})
    return (signed + b"." + compact_jws.base64url(key.sign(signed))).decode()


@pytest.fixture
def own_key(traveller, directory) -> SigningKey:
    key = SigningKey.generate("p256")
    add_key(traveller, key, directory)
    return key


def test_from_a_dead_host_by_recovery_key_and_car(ash, traveller, own_key, network):
    car = export(traveller)
    network.failure = http_client.Unreachable("gone")
    account = beginning.with_recovery_key(ash, wanted(traveller), proof(ash, traveller, own_key))
    bring_repo.take_moved(account, move_of(account), [uploaded(car)])
    work(account)
    signed = plc.sign(identity_change.unsigned(account), own_key)
    identity_change.confirm_with_operation(account, move_of(account), signed)
    move = work(account)
    account.refresh_from_db()
    assert (move.state, account.status) == ("done", "active")
    assert identity_change.has_key_of_others_above_ours(account)
    assert Repo.objects.get(pk=account.pk).record_count == 6
    assert count_missing(account.pk) == 1


def uploaded(data: bytes):
    return SimpleUploadedFile("repo.car", data)


def test_another_key_proves_nothing(ash, traveller, own_key):
    with pytest.raises(NotYourKey):
        beginning.with_recovery_key(
            ash, wanted(traveller), proof(ash, traveller, SigningKey.generate())
        )
    assert not Account.objects.of(ash).exists()


def test_a_proof_of_another_did_host_or_time_proves_nothing(ash, birch, traveller, own_key):
    for changes in ({"aud": birch.service_did}, {"exp": 1}, {"iss": "did:plc:" + "b" * 24}):
        with pytest.raises((NotYourKey, compact_jws.BadServiceToken)):
            beginning.with_recovery_key(
                ash, wanted(traveller), proof(ash, traveller, own_key, **changes)
            )


def test_a_proof_counts_once(ash, traveller, own_key):
    jwt = proof(ash, traveller, own_key)
    account = beginning.with_recovery_key(ash, wanted(traveller), jwt)
    deletion.delete(account)
    with pytest.raises(compact_jws.BadServiceToken):
        beginning.with_recovery_key(ash, wanted(traveller), jwt)


def test_who_lives_here_or_nowhere_has_nothing_to_move(ash, alice):
    with pytest.raises(beginning.NoOldHost):
        beginning.look_up(ash, alice.did)
    with pytest.raises(beginning.UnknownPerson):
        beginning.look_up(ash, "nobody.example.com")


# --- by OAuth at the old host


def started_there(ash, person: Person):
    return oauth_sign_in.begin(ash, beginning.look_up(ash, person.did))


def signed_in_there(ash, person: Person):
    started = started_there(ash, person)
    answer = agreed(person.host, account_of(person), started.url)
    old, _is_again = oauth_sign_in.finish(ash, started.cookie, answer)
    return oauth_sign_in.taken(ash, oauth_sign_in.carried(ash, old))


def begun_by_oauth(ash, person: Person) -> Account:
    return beginning.from_oauth(ash, wanted(person), signed_in_there(ash, person))


def test_without_a_password_there_all_is_copied_and_moved(ash, traveller, directory):
    account = begun_by_oauth(ash, traveller)
    assert work(account).records_at is not None
    move = confirmed(account)
    assert (move.state, move.left_error) == ("done", "")
    assert account_of(traveller).status == "deactivated"
    assert move.session is None


def test_the_kept_session_tells_nothing_of_its_tokens(ash, traveller):
    account = begun_by_oauth(ash, traveller)
    kept = orjson.loads(keyring.unwrap(bytes(move_of(account).session)))
    assert set(kept) == {"oauth"}
    assert b"DPoP" not in bytes(move_of(account).session)


def test_a_session_there_begins_no_move_of_somebody_else(ash, alice, traveller):
    old = signed_in_there(ash, traveller)
    old.did = "did:plc:" + "a" * 24
    with pytest.raises(OldSessionEnded):
        beginning.from_oauth(ash, wanted(traveller), old)


def test_a_session_is_carried_to_no_other_host(ash, birch, traveller):
    field = oauth_sign_in.carried(ash, signed_in_there(ash, traveller))
    with pytest.raises(SignInLost):
        oauth_sign_in.taken(birch, field)


def test_a_host_that_lets_no_app_sign_asks_for_the_password(ash, traveller, network):
    account = begun_by_oauth(ash, traveller)
    work(account)
    network.answers["com.atproto.identity.requestPlcOperationSignature"] = (
        403,
        {"error": "ScopeMissingError", "message": "Missing required scope"},
    )
    with pytest.raises(OldPasswordNeeded):
        identity_change.mail_code(account, move_of(account))
    del network.answers["com.atproto.identity.requestPlcOperationSignature"]
    beginning.sign_in_again(account, move_of(account), traveller.password, "")
    assert confirmed(account).state == "done"


def test_a_host_without_oauth_has_no_such_way(ash, traveller, network):
    network.answers["oauth-protected-resource"] = (404, {"error": "NotFound"})
    assert started_there(ash, traveller) is None


def test_the_page_leads_to_the_old_host_and_back(ash, traveller):
    browser = Client(headers={"host": "localhost"})
    page = browser.post("/account/move-in", {"identifier": traveller.did, "way": "password"})
    url = unescape(
        re.search(r'href="(http://birch[^"]*/oauth/authorize[^"]*)"', page.content.decode())[1]
    )
    answer = agreed(traveller.host, account_of(traveller), url)
    form = browser.get("/account/move-in/back", answer).content.decode()
    field = re.search(r'name="old_session" value="([^"]+)"', form)[1]
    given = {"handle": "mallory", "domain": ".test", "email": "m@example.com", "password": NEW}
    sent = {**given, "did": traveller.did, "old_session": field}
    assert browser.post("/account/move-in/session", sent)["Location"] == "/account/move"
    assert work(Account.objects.get(did=traveller.did, host=ash)).records_at is not None


def test_a_session_that_ended_is_begun_again_on_the_page_of_the_move(ash, traveller):
    account = begun(ash, traveller)
    old_session.forget(account.pk)
    browser = Client(headers={"host": "localhost"})
    browser.cookies[COOKIE] = web_sessions.begin(account)
    left = browser.get("/account/move/oauth")
    answer = agreed(traveller.host, account_of(traveller), left["Location"])
    assert browser.get("/account/move-in/back", answer)["Location"] == "/account/move"
    assert old_session.is_there(move_of(account))


def test_a_way_back_that_nobody_began_is_said_in_a_sentence(ash):
    browser = Client(headers={"host": "localhost"})
    page = browser.get("/account/move-in/back", {"code": "c", "state": "s", "iss": "i"})
    assert page.status_code == 422
    assert b"Begin again" in page.content


def test_a_sandbox_takes_people_back_from_its_loopback_address(ash):
    browser = Client(headers={"host": "127.0.0.1:2583"})
    answer = browser.get("/account/move-in/back?state=s&code=c")
    assert answer["Location"] == "http://localhost:2583/account/move-in/back?state=s&code=c"
    assert browser.get("/account/sign-in").status_code == 404
