"""The log of a DID and its keys, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity.did_log.history import Change, Kind, PastOperation
from accounts.identity.did_log.key_holders import HeldKey, Holder

Text = str | Promise

_HOLDERS: Final[dict[Holder, Text]] = {
    Holder.THIS_HOST: gettext_lazy("This host: with it we change handle and keys for you"),
    Holder.OWNER: gettext_lazy("You"),
    Holder.SIGN_UP: gettext_lazy("You: it was given at sign-up"),
    Holder.OTHER_HOST: gettext_lazy("It came with another host:"),
    Holder.UNKNOWN: gettext_lazy("You, or an app that you let do it"),
}
_CHANGES: Final[dict[Kind, Text]] = {
    Kind.CREATED: gettext_lazy("Identity created for %(after)s at %(before)s."),
    Kind.ENDED: gettext_lazy("Identity ended for good."),
    Kind.HOST: gettext_lazy("Moved from %(before)s to %(after)s."),
    Kind.HANDLE: gettext_lazy("Handle changed from %(before)s to %(after)s."),
    Kind.KEY_ADDED: gettext_lazy("Rotation key added: %(after)s."),
    Kind.KEY_REMOVED: gettext_lazy("Rotation key removed: %(before)s."),
    Kind.KEYS_REORDERED: gettext_lazy("The order of the rotation keys changed."),
    Kind.SIGNING_KEY: gettext_lazy("Your posts are signed with a new key: %(after)s."),
    Kind.OTHER: gettext_lazy("Other names, keys or services changed."),
    Kind.NOTHING: gettext_lazy("Confirmed as it was."),
}
_PLAN: Final[dict[Kind, Text]] = {
    Kind.HOST: gettext_lazy("Your account moves from %(before)s to %(after)s."),
    Kind.HANDLE: gettext_lazy("Your handle is %(after)s instead of %(before)s."),
    Kind.KEY_ADDED: gettext_lazy("%(after)s may change your identity from then on."),
    Kind.KEY_REMOVED: gettext_lazy("%(before)s may not change your identity any more."),
    Kind.SIGNING_KEY: gettext_lazy("Your posts are signed with the new host's key: %(after)s."),
}
_KEYS: Final = frozenset({Kind.KEY_ADDED, Kind.KEY_REMOVED, Kind.SIGNING_KEY})
_SHOWN_AT_EACH_END: Final = 8
_PREFIX: Final = "did:key:"


@dataclass(frozen=True)
class ToldOperation:
    """One operation for a page."""

    at: datetime
    sentences: list[str]
    signer: str
    is_nullified: bool
    undo_keys: str
    undoable_until: datetime | None


@dataclass(frozen=True)
class ToldKey:
    """One rotation key for a page."""

    key: HeldKey
    short: str
    holder: Text


def short(did_key: str) -> str:
    """A key as people can compare it: `zDna…`, its beginning and its end."""
    bare = did_key.removeprefix(_PREFIX)
    if len(bare) <= 2 * _SHOWN_AT_EACH_END:
        return bare
    return f"{bare[:_SHOWN_AT_EACH_END]}…{bare[-_SHOWN_AT_EACH_END:]}"


def told_keys(keys: Sequence[HeldKey]) -> list[ToldKey]:
    """The rotation keys, and whose they are."""
    return [ToldKey(key, short(key.did_key), _holder(key)) for key in keys]


def told_log(log: Sequence[PastOperation], keys: Sequence[HeldKey]) -> list[ToldOperation]:
    """The operations in words; keys by their holders where these are known."""
    names = {key.did_key: _name(key) for key in keys}
    return [_told(each, names) for each in log]


def planned(changes: Sequence[Change]) -> list[str]:
    """What will be another when a move is published."""
    return [_sentence(_PLAN.get(change.kind, _CHANGES[change.kind]), change) for change in changes]


def _told(past: PastOperation, names: dict[str, str]) -> ToldOperation:
    sentences = [_sentence(_CHANGES[change.kind], change) for change in past.changes]
    signer = names.get(past.signer, short(past.signer)) if past.signer else ""
    may_undo = ", ".join(names.get(key, short(key)) for key in past.undo_keys)
    entry = past.entry
    at, until = entry.created_at, past.undoable_until
    return ToldOperation(at, sentences, signer, entry.nullified, may_undo, until)


def _sentence(text: Text, change: Change) -> str:
    return str(text) % {
        "before": _value(change, change.before),
        "after": _value(change, change.after),
    }


def _value(change: Change, value: str) -> str:
    if not value:
        return _("none")
    if change.kind in _KEYS:
        return short(value)
    is_handle = change.kind is Kind.HANDLE or (
        change.kind is Kind.CREATED and value == change.after
    )
    return f"@{value}" if is_handle else value


def _holder(key: HeldKey) -> Text:
    if key.holder is Holder.OTHER_HOST:
        return f"{_HOLDERS[key.holder]} {key.host or _('unknown')}"
    if key.kept is not None and key.kept.name:
        return f"{_HOLDERS[key.holder]}: {key.kept.name}"
    return _HOLDERS[key.holder]


def _name(key: HeldKey) -> str:
    if key.holder is Holder.THIS_HOST:
        return _("this host")
    if key.kept is not None:
        return key.kept.name or _("your recovery key")
    return short(key.did_key)
