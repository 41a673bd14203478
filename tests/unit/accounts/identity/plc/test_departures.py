"""The way out through our pages: what the new host recommends, read, shown, and published."""

import json

import pytest

from accounts import status
from accounts.authentication import email_codes
from accounts.authentication.session_tokens import InvalidToken
from accounts.identity.did_log import directory, history
from accounts.identity.did_log.history import Kind
from accounts.identity.plc import client, departures, owner_operations
from accounts.identity.plc.departures import NamesThisHost, UnreadableCredentials
from accounts.identity.recovery_keys import changes
from accounts.models import Account
from accounts.signup import sign_up
from protocol.did import plc as operations
from protocol.keys import SigningKey
from tests.concurrency.test_writers import in_threads
from tests.factories import wanted as sign_up_of

pytestmark = pytest.mark.django_db(transaction=True)
OWN, THEIRS, SIGNING = (SigningKey.generate().did_key for _ in range(3))
NEW = "https://new.example.com"


@pytest.fixture
def account(ash, plc) -> Account:
    return sign_up.sign_up(ash, sign_up_of())


def code(account: Account) -> str:
    return email_codes.issue(account, owner_operations.PURPOSE)


def pds(endpoint: object = NEW, type_: str = "AtprotoPersonalDataServer") -> dict:
    return {"atproto_pds": {"type": type_, "endpoint": endpoint}}


def recommended(**changes: object) -> dict:
    return {
        "rotationKeys": [THEIRS],
        "alsoKnownAs": ["at://alice.new.example.com"],
        "verificationMethods": {"atproto": SIGNING},
        "services": pds(),
    } | changes


def planned(account: Account, **changes: object) -> operations.PlcData:
    data = operations.data_of(client.newest(account.did))
    return departures.destination(
        account, data, departures.read(json.dumps(recommended(**changes)))
    )


def test_what_will_change_is_known_before_it_is_signed(account):
    data = operations.data_of(client.newest(account.did))
    told = history.changes_between(data, planned(account))
    assert [(change.kind, change.after) for change in told] == [
        (Kind.HOST, NEW),
        (Kind.HANDLE, "alice.new.example.com"),
        (Kind.KEY_ADDED, THEIRS),
        (Kind.KEY_REMOVED, ""),
        (Kind.SIGNING_KEY, SIGNING),
    ]


def test_the_did_points_to_the_new_host_and_the_copy_rests(account):
    departures.publish(account, code(account), recommended())
    assert directory.look(account).newest.operation["services"] == pds()
    account.refresh_from_db()
    assert account.status == Account.Status.DEACTIVATED
    assert account.moved_away_at is not None


def test_the_owners_key_stays_first_and_ours_goes(account):
    changes.add(account, code(account), OWN, is_proven=True)
    departures.publish(account, code(account), recommended())
    assert client.newest(account.did)["rotationKeys"] == [OWN, THEIRS]


@pytest.mark.parametrize("act", [status.take_down, "suspend"])
def test_who_is_taken_down_or_suspended_may_leave(account, act):
    if act == "suspend":
        Account.objects.update(suspended_at=account.opened_at)
    else:
        act(account)
    account.refresh_from_db()
    departures.publish(account, code(account), recommended())
    assert client.newest(account.did)["services"] == pds()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"rotationKeys": []}',
        "[" * 5000,
        json.dumps(recommended(services=[])),
        json.dumps(recommended(services={})),
        json.dumps(recommended(services=pds("new.example.com"))),
        json.dumps(recommended(services=pds("https://new.example.com/x"))),
        json.dumps(recommended(services=pds(7))),
        json.dumps(recommended(services=pds(type_="x"))),
        json.dumps(recommended(rotationKeys=[])),
        json.dumps(recommended(rotationKeys=7)),
        json.dumps(recommended(rotationKeys=[[1]])),
        json.dumps(recommended(verificationMethods={})),
        json.dumps(recommended(verificationMethods={"atproto": "x"})),
        json.dumps(recommended(alsoKnownAs=[7])),
    ],
)
def test_nonsense_is_refused_before_anything_is_signed(account, text):
    data = operations.data_of(client.newest(account.did))
    with pytest.raises(UnreadableCredentials):
        departures.destination(account, data, departures.read(text))


def test_what_this_host_recommends_leads_nowhere(account):
    with pytest.raises(NamesThisHost):
        planned(account, services=pds(account.host.origin))


def test_two_devices_with_one_code_leave_once(account, plc):
    given = code(account)
    ends = [recommended(services=pds(f"https://{name}.example.com")) for name in "ab"]
    failures = in_threads(2, lambda n: departures.publish(account, given, ends[n]))
    assert len(failures) == 1
    assert isinstance(failures[0], InvalidToken)
    assert len(plc.posts) == 2
