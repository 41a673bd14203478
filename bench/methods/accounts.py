"""Calls about accounts by their owners: sign-up, sessions, passwords, e-mail, identity, the end."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from bench.compare.people import Person, new_login
from bench.methods.calls import method
from bench.methods.stage import Stage

_IDENTITY, _SERVER = "com.atproto.identity.", "com.atproto.server."


@method(_SERVER + "createAccount")
async def create_account(stage: Stage, _count: int) -> Iterator[bytes]:
    return (stage.call(_SERVER + "createAccount", **new_login()) for _ in iter(int, 1))


@method(_SERVER + "createSession")
async def create_session(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _SERVER + "createSession"
    return (
        stage.call(nsid, identifier=person.did, password=person.password) for person in stage.each()
    )


@method(_SERVER + "refreshSession")
async def refresh_session(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _SERVER + "refreshSession"
    return (stage.call(nsid, person.refresh_jwt) for person in stage.each())


@method(_SERVER + "deleteSession", is_used_up=True)
async def delete_session(stage: Stage, count: int) -> Iterator[bytes]:
    people = await stage.newcomers(count)
    return (stage.call(_SERVER + "deleteSession", person.refresh_jwt) for person in people)


@method(_SERVER + "reserveSigningKey")
async def reserve_signing_key(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _SERVER + "reserveSigningKey"
    return (stage.call(nsid, did=f"did:plc:{_letters(24)}") for _ in iter(int, 1))


@method(_SERVER + "createAppPassword", is_used_up=True)
async def create_app_password(stage: Stage, count: int) -> Iterator[bytes]:
    people = await stage.newcomers(-(-count // 10))
    return (
        stage.call(_SERVER + "createAppPassword", person.jwt, name=f"app {number}")
        for number in range(10)
        for person in people
    )


@method(_SERVER + "revokeAppPassword", is_used_up=True)
async def revoke_app_password(stage: Stage, count: int) -> Iterator[bytes]:
    people = await stage.newcomers(-(-count // 10))
    named = [(person, f"app {number}") for number in range(10) for person in people]
    for person, name in named:
        await stage.tell(_SERVER + "createAppPassword", person.jwt, name=name)
    nsid = _SERVER + "revokeAppPassword"
    return (stage.call(nsid, person.jwt, name=name) for person, name in named)


@method(_SERVER + "deactivateAccount", is_used_up=True)
async def deactivate_account(stage: Stage, count: int) -> Iterator[bytes]:
    people = await stage.newcomers(count)
    nsid = _SERVER + "deactivateAccount"
    then = "2099-01-01T00:00:00.000Z"
    return (stage.call(nsid, person.jwt, deleteAfter=then) for person in people)


@method(_SERVER + "activateAccount", is_used_up=True)
async def activate_account(stage: Stage, count: int) -> Iterator[bytes]:
    people = await stage.newcomers(count)
    for person in people:
        nsid = _SERVER + "deactivateAccount"
        await stage.tell(nsid, person.jwt, deleteAfter="2099-01-01T00:00:00.000Z")
    return (stage.call(_SERVER + "activateAccount", person.jwt) for person in people)


@method(_SERVER + "updateEmail")
async def update_email(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _SERVER + "updateEmail"
    return (
        stage.call(nsid, person.jwt, email=f"{_letters(12)}@example.com")
        for person in stage.each_other()
    )


def _mailing(nsid: str, asked: Callable[[Person], dict[str, Any]] = lambda _person: {}) -> None:
    @method(nsid, is_used_up=True)
    async def ask_for_code(stage: Stage, count: int) -> Iterator[bytes]:
        people = await stage.newcomers(count)
        is_open = nsid == _SERVER + "requestPasswordReset"
        return (
            stage.call(nsid, "" if is_open else person.jwt, **asked(person)) for person in people
        )


for name in ("requestAccountDelete", "requestEmailConfirmation", "requestEmailUpdate"):
    _mailing(_SERVER + name)
_mailing(_SERVER + "requestPasswordReset", lambda person: {"email": person.email})
_mailing(_IDENTITY + "requestPlcOperationSignature")


async def _with_codes(
    stage: Stage, count: int, ask: str, purpose: str, **body: Callable[[Person], str]
) -> list[tuple[Person, str]]:
    """New people, each with a code that came by mail."""
    found = []
    for person in await stage.newcomers(count):
        told = {name: value(person) for name, value in body.items()}
        await stage.tell(ask, "" if body else person.jwt, **told)
        found.append((person, await stage.mailed_code(person, purpose)))
    return found


@method(_SERVER + "confirmEmail", is_used_up=True)
async def confirm_email(stage: Stage, count: int) -> Iterator[bytes]:
    ask = _SERVER + "requestEmailConfirmation"
    found = await _with_codes(stage, count, ask, "confirm_email")
    nsid = _SERVER + "confirmEmail"
    return (stage.call(nsid, person.jwt, email=person.email, token=code) for person, code in found)


@method(_SERVER + "resetPassword", is_used_up=True)
async def reset_password(stage: Stage, count: int) -> Iterator[bytes]:
    ask = _SERVER + "requestPasswordReset"
    of_person: Callable[[Person], str] = lambda person: person.email  # noqa: E731 - typed
    found = await _with_codes(stage, count, ask, "reset_password", email=of_person)
    nsid = _SERVER + "resetPassword"
    return (stage.call(nsid, token=code, password=_letters(20)) for _, code in found)


@method(_SERVER + "deleteAccount", is_used_up=True)
async def delete_account(stage: Stage, count: int) -> Iterator[bytes]:
    found = await _with_codes(stage, count, _SERVER + "requestAccountDelete", "delete_account")
    nsid = _SERVER + "deleteAccount"
    return (
        stage.call(nsid, did=person.did, password=person.password, token=code)
        for person, code in found
    )


@method(_IDENTITY + "updateHandle")
async def update_handle(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _IDENTITY + "updateHandle"
    return (stage.call(nsid, person.jwt, handle=f"{_letters(12)}.test") for person in stage.each())


@method(_IDENTITY + "refreshIdentity")
async def refresh_identity(stage: Stage, _count: int) -> Iterator[bytes]:
    nsid = _IDENTITY + "refreshIdentity"
    return (stage.call(nsid, person.jwt, identifier=person.did) for person in stage.each())


@method(_IDENTITY + "signPlcOperation", is_used_up=True)
async def sign_plc_operation(stage: Stage, count: int) -> Iterator[bytes]:
    ask = _IDENTITY + "requestPlcOperationSignature"
    found = await _with_codes(stage, count, ask, "plc_operation")
    nsid = _IDENTITY + "signPlcOperation"
    return (stage.call(nsid, person.jwt, token=code) for person, code in found)


@method(_IDENTITY + "submitPlcOperation", is_used_up=True)
async def submit_plc_operation(stage: Stage, count: int) -> Iterator[bytes]:
    ask = _IDENTITY + "requestPlcOperationSignature"
    nsid = _IDENTITY + "submitPlcOperation"
    requests = []
    for person, code in await _with_codes(stage, count, ask, "plc_operation"):
        signed = await stage.tell(_IDENTITY + "signPlcOperation", person.jwt, token=code)
        requests.append(stage.call(nsid, person.jwt, operation=signed["operation"]))
    return iter(requests)


def _letters(count: int) -> str:
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(count))
