"""Calls of a host's staff: accounts, invite codes, takedowns."""

import secrets
from collections.abc import Callable, Iterator
from itertools import count as counting
from typing import Any

from bench.compare.people import POST, Person
from bench.methods.calls import method
from bench.methods.stage import Stage
from protocol.keys import SigningKey

_ADMIN, _SERVER = "com.atproto.admin.", "com.atproto.server."


def _asking(name: str, params: Callable[[Person], dict[str, Any]]) -> None:
    nsid = _ADMIN + name

    @method(nsid)
    async def ask(stage: Stage, _count: int) -> Iterator[bytes]:
        return stage.query(nsid, stage.admin, **params(stage.author))


_asking("getAccountInfo", lambda person: {"did": person.did})
_asking("getAccountInfos", lambda person: {"dids": person.did})
_asking("getInviteCodes", lambda _person: {"limit": 10})
_asking("getSubjectStatus", lambda person: {"did": person.did})
_asking("searchAccounts", lambda person: {"email": person.email})


def _changing(nsid: str, body: Callable[[Person], dict[str, Any]]) -> None:
    @method(nsid)
    async def change(stage: Stage, _count: int) -> Iterator[bytes]:
        return (stage.call(nsid, stage.admin, **body(person)) for person in stage.each_other())


def _word() -> str:
    return secrets.token_hex(8)


_changing(_ADMIN + "disableAccountInvites", lambda person: {"account": person.did})
_changing(_ADMIN + "enableAccountInvites", lambda person: {"account": person.did})
_changing(
    _ADMIN + "updateAccountEmail",
    lambda person: {"account": person.did, "email": f"{_word()}@example.com"},
)
_changing(
    _ADMIN + "updateAccountHandle",
    lambda person: {"did": person.did, "handle": f"a{_word()}.test"},
)
_changing(
    _ADMIN + "updateAccountPassword",
    lambda person: {"did": person.did, "password": person.password},
)
_changing(
    _ADMIN + "updateAccountSigningKey",
    lambda person: {"did": person.did, "signingKey": SigningKey.generate().did_key},
)
_changing(_SERVER + "createInviteCode", lambda _person: {"useCount": 1})
_changing(_SERVER + "createInviteCodes", lambda _person: {"useCount": 1, "codeCount": 5})


@method(_ADMIN + "sendEmail")
async def send_email(stage: Stage, _count: int) -> Iterator[bytes]:
    body = {"content": "Hello", "subject": "Hello", "senderDid": stage.author.did}
    return (
        stage.call(_ADMIN + "sendEmail", stage.admin, recipientDid=person.did, **body)
        for person in stage.each()
    )


@method(_ADMIN + "disableInviteCodes", is_used_up=True)
async def disable_invite_codes(stage: Stage, count: int) -> Iterator[bytes]:
    asked = {"useCount": 1, "codeCount": count}
    made = await stage.tell(_SERVER + "createInviteCodes", stage.admin, **asked)
    codes = made["codes"][0]["codes"]
    nsid = _ADMIN + "disableInviteCodes"
    return (stage.call(nsid, stage.admin, codes=[code]) for code in codes)


@method(_ADMIN + "updateSubjectStatus")
async def update_subject_status(stage: Stage, _count: int) -> Iterator[bytes]:
    """Somebody's records, taken down and given back."""
    nsid = _ADMIN + "updateSubjectStatus"
    author = await stage.town.author(50)
    listed = await stage.ask(
        "com.atproto.repo.listRecords", repo=author.did, collection=POST, limit=50
    )
    records = [{"uri": each["uri"], "cid": each["cid"]} for each in listed["records"]]
    return (
        stage.call(
            nsid,
            stage.admin,
            subject={"$type": "com.atproto.repo.strongRef", **records[number % len(records)]},
            takedown={"applied": number // len(records) % 2 == 0, "ref": "bench"},
        )
        for number in counting()
    )


@method(_ADMIN + "deleteAccount", is_used_up=True)
async def delete_account(stage: Stage, count: int) -> Iterator[bytes]:
    people = await stage.newcomers(count)
    return (stage.call(_ADMIN + "deleteAccount", stage.admin, did=each.did) for each in people)
