"""Declarations: what a labeler says of itself in `app.bsky.labeler.service/self`.

Source: that lexicon and app.bsky.labeler.defs. The record is kept as its editor left it and written
into the labeler's repo whole. What reports it takes stands there too: a list that is absent takes
all, an empty one none.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from moderation import audit, permissions
from moderation.audit import Actor
from moderation.labels import labelers, setting_up
from moderation.models import AuditEntry, Labeler
from moderation.permissions import Deed
from protocol.errors import InvalidRequest
from repos.commits import group_commit, writes
from repos.events.append import time_text
from repos.reads import repos

COLLECTION: Final = "app.bsky.labeler.service"
RKEY: Final = "self"
# Known to every client; the first four of com.atproto.label.defs#labelValue stand for warnings.
GLOBAL_VALUES: Final = (
    "!hide",
    "!warn",
    "!no-unauthenticated",
    "porn",
    "sexual",
    "nudity",
    "graphic-media",
    "bot",
)
VALUES_MAX: Final = 100
LOCALES_MAX: Final = 20


class NotPublishedYet(InvalidRequest):
    """400: the identity comes first, or subscribers are sent to nobody."""

    message = "The identity has to name the labeler before it is declared"


class TooManyValues(InvalidRequest):
    """400: more than a reader wants to choose from."""

    message = f"A labeler defines at most {VALUES_MAX} values"


def record_of(labeler: Labeler) -> dict[str, Any]:
    """The record as it would be written now."""
    kept = dict(labeler.declaration)
    policies = kept.pop("policies", {"labelValues": [], "labelValueDefinitions": []})
    created_at = kept.pop("createdAt", None) or time_text(labeler.created_at)
    return {"$type": COLLECTION, **kept, "policies": policies, "createdAt": created_at}


def definitions(labeler: Labeler) -> list[dict[str, Any]]:
    """The values that the labeler defines, in their order."""
    found: list[dict[str, Any]] = record_of(labeler)["policies"].get("labelValueDefinitions", [])
    return found


def values(labeler: Labeler) -> list[str]:
    """The values that the labeler says it puts."""
    found: list[str] = record_of(labeler)["policies"]["labelValues"]
    return found


def define(
    actor: Actor, labeler: Labeler, definition: dict[str, Any], instead_of: str = ""
) -> None:
    """Add a value's definition, or put it in the place of another. Raises as `change` does."""
    identifier = definition["identifier"]
    former = instead_of or identifier

    def put(locked: Labeler) -> None:
        names = [each["identifier"] for each in definitions(locked)]
        at = names.index(former) if former in names else len(names)
        gone = {former, identifier}
        kept = [each for each in definitions(locked) if each["identifier"] not in gone]
        kept.insert(at, definition)
        _set_policies(locked, kept, _global_values(locked))

    _change(actor, labeler, put)


def undefine(actor: Actor, labeler: Labeler, identifier: str) -> None:
    """Remove a value's definition. Raises as `change` does."""

    def remove(locked: Labeler) -> None:
        kept = [each for each in definitions(locked) if each["identifier"] != identifier]
        _set_policies(locked, kept, _global_values(locked))

    _change(actor, labeler, remove)


def change(
    actor: Actor,
    labeler: Labeler,
    global_values: Sequence[str],
    restrictions: Mapping[str, Sequence[str] | None],
) -> None:
    """Say which global values are used, and which reports are taken: `reasonTypes`, `subjectTypes`,
    `subjectCollections`, None for all.

    Raises NotAllowed, TooManyValues, and what a write of the record raises.
    """

    def restrict(locked: Labeler) -> None:
        for name, accepted in restrictions.items():
            if accepted is None:
                locked.declaration.pop(name, None)
            else:
                locked.declaration[name] = list(accepted)
        _set_policies(locked, definitions(locked), list(global_values))

    _change(actor, labeler, restrict)


def declare(actor: Actor, labeler: Labeler) -> None:
    """Write the declaration into the labeler's repo.

    Raises NotAllowed, NotPublishedYet, InvalidRequest and LexiconError for a record that does not
    fit, and what `group_commit.apply_writes` does for an account that rests.
    """
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    setting_up.check_at_work(labeler)
    if labeler.state == Labeler.State.SERVING:
        raise NotPublishedYet
    account = setting_up.account_of(labeler)
    write = writes.put(COLLECTION, RKEY, record_of(labeler), validate=True)
    repo = repos.find_repo(account.host, account.did)
    group_commit.apply_writes(repo, [write])
    audit.record(
        actor, account, AuditEntry.Action.LABELER_DECLARE, ", ".join(values(labeler)) or "-"
    )
    labelers.move(labeler, Labeler.State.DECLARED, since=[Labeler.State.PUBLISHED])


def _global_values(labeler: Labeler) -> list[str]:
    defined = {each["identifier"] for each in definitions(labeler)}
    return [value for value in values(labeler) if value not in defined]


def _change(actor: Actor, labeler: Labeler, verb: Callable[[Labeler], None]) -> None:
    """Have `verb` change the declaration as it is now, whoever changed it since the page was read,
    and write it into the repo of who is declared."""
    permissions.require(actor, Deed.LABELER_SET_UP, labeler.tenant_id)
    with transaction.atomic():
        locked = Labeler.objects.select_for_update().get(pk=labeler.pk)
        verb(locked)
        writes.put(COLLECTION, RKEY, record_of(locked), validate=True)  # does it fit the lexicon?
        locked.save(update_fields=["declaration"])
        said = ", ".join(values(locked)) or "-"
        audit.record_at_host(actor, locked.host, AuditEntry.Action.LABELER_CHANGE, said)
    labeler.refresh_from_db()
    if labeler.is_declared:
        declare(actor, labeler)


def _set_policies(
    labeler: Labeler, defined: list[dict[str, Any]], global_values: list[str]
) -> None:
    if len(defined) > VALUES_MAX:
        raise TooManyValues
    names = [each["identifier"] for each in defined]
    labeler.declaration["policies"] = {
        "labelValues": [*(each for each in global_values if each not in names), *names],
        "labelValueDefinitions": defined,
    }
    labeler.declaration.setdefault("createdAt", time_text())
