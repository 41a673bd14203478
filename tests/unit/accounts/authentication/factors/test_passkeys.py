"""Passkeys: made for one host, one person, one purpose, and once."""

import json
from contextlib import suppress

import pytest

from accounts.authentication.factors import challenges, changes, holders, passkeys
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.passkeys import (
    PasskeyMayBeCopied,
    PasskeyNotAdded,
    PasskeyRefused,
    TooManyPasskeys,
)
from accounts.models import Passkey
from hosting.mail.models import OutgoingMail
from tests.authenticator import PRESENT, SYNCABLE, VERIFIED, Authenticator
from tests.factories import account_row

STEP = Purpose.SECOND_STEP


def options(holder, purpose: Purpose = STEP) -> str:
    return passkeys.options_to_show(holder.host, purpose, holder)


def alone(host) -> str:
    return passkeys.options_to_show(host, Purpose.SIGN_IN)


# --- added


def test_a_passkey_is_asked_for_without_attestation_for_the_hosts_name(holder):
    asked = json.loads(passkeys.options_to_add(holder))
    assert asked["rp"] == {"name": "Ash", "id": "localhost"}
    assert (asked["attestation"], asked["user"]["name"]) == ("none", "alice.test")
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == [-8, -7, -257]
    assert asked["authenticatorSelection"]["residentKey"] == "preferred"


def test_what_was_made_is_kept(key, holder):
    kept = Passkey.objects.get()
    assert (kept.name, kept.account, kept.host) == ("key", holder.account, holder.host)
    assert (bytes(kept.credential_id), kept.transports) == (key.credential_id, ["usb"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:2584"},
        {"rp_id": "evil.example"},
        {"flags": 0},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "https://evil.example"}},
        {"client_data": {"type": "webauthn.get"}},
        {"client_data": {"challenge": "AAAA"}},
    ],
)
def test_what_was_made_elsewhere_is_not(holder, wrong):
    made = Authenticator(**wrong).make(passkeys.options_to_add(holder))
    with pytest.raises(PasskeyNotAdded):
        changes.add_passkey(holder, made, "key")
    assert not Passkey.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "x" * 20_000, '{"response": {}}', "\ud800"]
)
def test_nonsense_is_refused(holder, text):
    with pytest.raises(PasskeyNotAdded):
        changes.add_passkey(holder, text, "key")
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(holder.host, text)


@pytest.mark.parametrize("odd", ["a", "\u00e4", 5, None, [], {}])
@pytest.mark.parametrize("part", ["rawId", "userHandle", "clientDataJSON", "transports"])
def test_odd_parts_are_no_fault_of_ours(key, ash, holder, part, odd):
    shown = json.loads(key.show(alone(ash)))
    shown.update({part: odd} if part in shown else {})
    shown["response"][part] = odd
    with suppress(PasskeyRefused):
        passkeys.sign_in(ash, json.dumps(shown))
    made = json.loads(Authenticator().make(passkeys.options_to_add(holder)))
    made.update({part: odd} if part in made else {})
    made["response"][part] = [odd]
    with suppress(PasskeyNotAdded):
        changes.add_passkey(holder, json.dumps(made), "key")


def test_a_key_is_added_once(key, holder):
    again = key.make(passkeys.options_to_add(holder))
    with pytest.raises(PasskeyNotAdded):
        changes.add_passkey(holder, again, "again")


def test_the_challenge_of_one_person_is_nothing_for_another(holder, ash):
    bob = holders.of_account(account_row(ash, "bob"))
    made = Authenticator().make(passkeys.options_to_add(bob))
    with pytest.raises(PasskeyNotAdded):
        changes.add_passkey(holder, made, "key")


def test_there_are_twenty_at_the_most(holder, monkeypatch):
    monkeypatch.setattr(passkeys, "MOST_A_HOLDER", 2)
    for _ in range(2):
        changes.add_passkey(holder, Authenticator().make(passkeys.options_to_add(holder)), "key")
    with pytest.raises(TooManyPasskeys):
        changes.add_passkey(holder, Authenticator().make(passkeys.options_to_add(holder)), "key")


# --- as a second step


def test_a_passkey_is_a_second_step(key, holder):
    passkeys.show(holder, key.show(options(holder)), STEP)
    assert Passkey.objects.get().last_used_at is not None


def test_it_needs_no_pin_there(key, holder):
    key.flags = PRESENT
    passkeys.show(holder, key.show(options(holder)), STEP)


def test_a_challenge_serves_once(key, holder):
    asked = options(holder)
    passkeys.show(holder, key.show(asked), STEP)
    with pytest.raises(PasskeyRefused):
        passkeys.show(holder, key.show(asked), STEP)


def test_a_challenge_lives_for_five_minutes(key, holder, monkeypatch):
    answer = key.show(options(holder))
    now = challenges.time.time()
    monkeypatch.setattr(challenges.time, "time", lambda: now + 301)
    with pytest.raises(PasskeyRefused):
        passkeys.show(holder, answer, STEP)


def test_a_challenge_is_for_one_purpose(key, holder):
    with pytest.raises(PasskeyRefused):
        passkeys.show(holder, key.show(options(holder, Purpose.CONFIRM)), STEP)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://birch.localhost:2583"},
        {"rp_id": "birch.localhost"},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "http://localhost:2583"}},
        {"client_data": {"type": "webauthn.create"}},
        {"flags": 0},
        {"flags": PRESENT | SYNCABLE},  # it was none that can be synced
        {"key": Authenticator().key},
        {"credential_id": b"another one"},
    ],
)
def test_what_was_signed_elsewhere_is_refused(key, holder, wrong):
    for name, value in wrong.items():
        setattr(key, name, value)
    with pytest.raises(PasskeyRefused):
        passkeys.show(holder, key.show(options(holder)), STEP)


def test_somebody_elses_passkey_is_refused(key, ash):
    bob = holders.of_account(account_row(ash, "bob"))
    with pytest.raises(PasskeyRefused):
        passkeys.show(bob, key.show(options(bob)), STEP)


# --- in place of name and password


def test_a_passkey_signs_in_alone(key, ash, alice):
    assert passkeys.sign_in(ash, key.show(alone(ash))) == alice


def test_alone_it_needs_the_person_verified(key, ash):
    key.flags = PRESENT
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(ash, key.show(alone(ash)))


@pytest.mark.parametrize("handle", [b"", b"did:plc:somebody-else"])
def test_alone_it_has_to_know_whose_it_is(key, ash, handle):
    key.user_handle = handle
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(ash, key.show(alone(ash)))


def test_a_long_did_has_passkeys_for_the_second_step_only(ash):
    long = account_row(ash, "long", did="did:web:" + "a" * 60 + ".example")
    holder, key = holders.of_account(long), Authenticator()
    asked = passkeys.options_to_add(holder)
    assert json.loads(asked)["authenticatorSelection"]["residentKey"] == "discouraged"
    changes.add_passkey(holder, key.make(asked), "key")
    passkeys.show(holder, key.show(options(holder)), STEP)
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(ash, key.show(alone(ash)))


def test_a_passkey_of_one_host_is_nothing_at_another(key, ash, birch):
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(birch, key.show(alone(ash)))
    key.origin, key.rp_id = birch.origin, birch.hostname
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(birch, key.show(alone(birch)))


# --- copies


def test_a_counter_that_stands_still_ends_the_passkey_and_is_told(key, holder):
    passkeys.show(holder, key.show(options(holder)), STEP)
    OutgoingMail.objects.all().delete()
    key.counter -= 1
    with pytest.raises(PasskeyMayBeCopied):
        passkeys.show(holder, key.show(options(holder)), STEP)
    assert "seems to have been copied: key" in OutgoingMail.objects.get().text
    key.counter += 10
    with pytest.raises(PasskeyMayBeCopied):
        passkeys.show(holder, key.show(options(holder)), STEP)


def test_keys_that_are_synced_may_count_as_they_like(holder):
    key = Authenticator(flags=PRESENT | VERIFIED | SYNCABLE, counter=9)
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "phone")
    key.counter = 3
    passkeys.show(holder, key.show(options(holder)), STEP)


def test_keys_that_do_not_count_are_no_copies(holder):
    key = Authenticator(counter=0)
    changes.add_passkey(holder, key.make(passkeys.options_to_add(holder)), "key")
    key.counter = -1  # `show` moves it on
    passkeys.show(holder, key.show(options(holder)), STEP)
