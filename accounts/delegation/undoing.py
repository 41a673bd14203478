"""Changes of who acts for an account, as its owner is told of them, and how each is taken back.

What is taken back signs everybody out, controllers as well (accounts.authentication.
security_changes).
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.authentication.security_changes import kind
from accounts.models import Account, Delegation


def _remove(account: Account, noted: Mapping[str, Any]) -> None:
    Delegation.objects.filter(account=account, pk=noted["id"]).delete()


def _set_back(account: Account, noted: Mapping[str, Any]) -> None:
    before = {"role": noted["role"], "scope": noted["scope"]}
    Delegation.objects.filter(account=account, pk=noted["id"]).update(**before)


def _bring_back(account: Account, noted: Mapping[str, Any]) -> None:
    """As it was, unless they were invited again since."""
    moments = {name: parse_datetime(noted[name]) for name in ("invited_at", "accepted_at")}
    names = ("controller_did", "handle", "role", "scope")
    same = Delegation.objects.filter(account=account, controller_did=noted["controller_did"])
    if not same.exists():
        Delegation.objects.create(
            account=account, **{name: noted[name] for name in names}, **moments
        )


INVITED: Final = kind("person_invited", _("Somebody was invited to act for you"), _remove)
ACCEPTED: Final = kind("person_accepted", _("Somebody acts for your account now"), _remove)
ROLE_CHANGED: Final = kind("person_role", _("Somebody has another role now"), _set_back)
REMOVED: Final = kind("person_removed", _("Somebody acts for you no longer"), _bring_back)
LEFT: Final = kind("person_left", _("Somebody stopped acting for your account"))
DECLINED: Final = kind("person_declined", _("Somebody declined to act for your account"))


def as_it_was(delegation: Delegation) -> dict[str, Any] | None:
    """What bringing a removed controller back takes; an invitation that was withdrawn is not
    brought back."""
    if delegation.accepted_at is None:
        return None
    names = ("controller_did", "handle", "role", "scope")
    kept: dict[str, Any] = {name: getattr(delegation, name) for name in names}
    kept["invited_at"] = delegation.invited_at.isoformat()
    kept["accepted_at"] = delegation.accepted_at.isoformat()
    return kept
