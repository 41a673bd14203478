"""What becomes of an event, by what is known of its account."""

from datetime import UTC, datetime

from protocol.event_stream.frames import Body, EventKind
from relay.ingestion.decisions import (
    THROTTLED_MAX,
    AccountState,
    HostState,
    Known,
    Prepared,
    decide,
    is_open,
)
from relay.verification.checks import Checked, Rejected
from relay.verification.reasons import Reason

DID = "did:plc:" + "a" * 24
HERE, THERE, ELSEWHERE = 1, 2, 3
EARLIER, LATER = (datetime(2026, 11, 30, hour, tzinfo=UTC) for hour in (1, 2))


def known(account: AccountState | None = None, limit: int = 10) -> Known:
    hosts = {at: HostState(at, False, 1, limit) for at in (HERE, THERE)}
    return Known({DID: account} if account else {}, hosts)


def commit(
    rev: str = "3b",
    prev: bytes | None = b"one",
    data: bytes = b"two",
    moves_from: int | None = None,
) -> Prepared:
    said = Checked(b"", 0, rev, b"head", data, prev)
    return Prepared(EventKind.COMMIT, 1, DID, said, moves_from)


def account_event(*, active: bool = True, status: str = "") -> Prepared:
    outcome = Checked(b"", 0, is_active=active, status=status)
    return Prepared(EventKind.ACCOUNT, 1, DID, outcome)


def following(**changes: object) -> AccountState:
    """An account whose newest commit is the one before `commit()`."""
    fields = {"id": 5, "rev": "3a", "data": b"one"} | changes
    return AccountState(DID, HERE, **fields)  # type: ignore[arg-type]


def decided(event: Prepared, about: Known, at: int = HERE) -> str:
    found = decide(event, about.hosts[at], about)
    return str(found.reason) if isinstance(found, Rejected) else "goes on"


def test_a_commit_that_follows_goes_on() -> None:
    about = known(following())
    assert decided(commit(), about) == "goes on"
    assert (about.accounts[DID].rev, about.accounts[DID].data) == ("3b", b"two")


def test_a_commit_told_again_or_late_is_old() -> None:
    assert decided(commit("3a"), known(following())) == Reason.OLD_REV
    assert decided(commit("32"), known(following())) == Reason.OLD_REV


def test_a_commit_that_does_not_follow_loses_the_thread_until_a_sync() -> None:
    about = known(following(data=b"zero"))
    assert decided(commit(), about) == Reason.WRONG_PREV_DATA
    assert decided(commit("3c"), about) == Reason.DESYNCHRONIZED
    sync = Prepared(EventKind.SYNC, 1, DID, Checked(b"", 0, "3d", b"head", b"four"))
    assert decided(sync, about) == "goes on"
    assert decided(commit("3e", prev=b"four"), about) == "goes on"


def test_a_new_account_beyond_the_limit_is_throttled_and_counted() -> None:
    about = known(limit=1)
    assert decided(commit(), about) == Reason.THROTTLED
    assert about.hosts[HERE].account_count == 2


def test_a_repair_does_not_end_what_was_lost_after_its_host_was_asked() -> None:
    about = known(following(is_desynchronized=True, lost_at=LATER))
    sync = Prepared(EventKind.SYNC, 0, DID, Checked(b"", 0, "3b", b"head", b"two"), lost_at=EARLIER)
    assert decided(sync, about) == "goes on"
    assert about.accounts[DID].is_desynchronized
    sync.lost_at = LATER
    assert decided(sync, about) == "goes on"
    assert not about.accounts[DID].is_desynchronized


def test_a_document_of_before_the_last_move_moves_nobody() -> None:
    about = known()
    about.accounts[DID] = AccountState(DID, ELSEWHERE, 5, rev="3a", data=b"one")
    assert decided(commit(moves_from=THERE), about) == Reason.FOREIGN_DID
    assert about.accounts[DID].host_id == ELSEWHERE


def test_an_account_that_moves_in_takes_a_place_and_is_not_throttled() -> None:
    about = known(limit=1)
    about.accounts[DID] = AccountState(DID, THERE, 5, rev="3a", data=b"one")
    assert decided(commit(moves_from=THERE), about) == "goes on"
    assert [about.hosts[at].account_count for at in (HERE, THERE)] == [2, 0]


def test_one_throttled_elsewhere_stays_so_after_the_move() -> None:
    about = known()
    about.accounts[DID] = AccountState(DID, THERE, 5, is_throttled=True)
    assert decided(commit(moves_from=THERE), about) == Reason.THROTTLED


def test_the_host_of_before_moves_nobody_back_by_a_document_of_before() -> None:
    about = known(following())
    late = account_event(active=False, status="deactivated")
    assert decided(late, about, at=THERE) == Reason.FOREIGN_DID
    assert is_open(late, Rejected(Reason.FOREIGN_DID, ""))
    assert (about.accounts[DID].host_id, about.accounts[DID].host_status) == (HERE, "active")


def test_an_inactive_account_says_nothing_until_its_host_calls_it_active() -> None:
    about = known(following())
    assert decided(account_event(active=False, status="deactivated"), about) == "goes on"
    assert decided(commit(), about) == Reason.INACTIVE
    event = commit()
    event.is_active_there = True
    assert decided(event, about) == "goes on"


def test_the_relays_takedown_outlasts_what_the_host_says() -> None:
    about = known(following(is_taken_down=True))
    assert decided(account_event(), about) == Reason.TAKEN_DOWN
    assert decided(commit(), about) == Reason.TAKEN_DOWN


def test_a_deleted_accounts_past_is_forgotten() -> None:
    about = known(following())
    decided(account_event(active=False, status="deleted"), about)
    assert about.erased == {DID}


def test_identities_go_on_from_anywhere() -> None:
    about = known(following())
    event = Prepared(EventKind.IDENTITY, 1, DID, Checked(b"x", 1))
    assert decide(event, about.hosts[THERE], about) == Body(b"x", 1)
    assert about.accounts[DID].host_id == HERE


def test_accounts_that_a_host_makes_up_are_not_noted_without_end() -> None:
    about = known(limit=10)
    host = about.hosts[HERE]
    host.account_count = host.account_limit + THROTTLED_MAX
    assert decided(commit(), about) == Reason.THROTTLED
    assert about.accounts == {}
    host.account_count -= 1
    assert decided(commit(), about) == Reason.THROTTLED
    assert about.accounts[DID].is_throttled
