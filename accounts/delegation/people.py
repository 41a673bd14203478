"""Controllers of an account, as its owner has them: invited, given another role, removed.

`by` is None for whoever signed in with the account's own credentials, else the delegation of a
controller. Controllers whose role is owner look after all others, but make, change and remove no
owner: the account's own credentials are the last one, and nobody raises themselves. Every change
locks the account, so of two at once one sees what the other did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts import status
from accounts.authentication import security_changes
from accounts.authentication.security_changes import Kind
from accounts.delegation import roles, undoing
from accounts.delegation.roles import Deed, Role
from accounts.identity import resolution
from accounts.models import Account, Delegation, OAuthRequest, OAuthSession
from hosting import limits
from hosting.limits import DAY_S, Budget, bucket
from hosting.mail import outbox
from hosting.mail.emails import ACTING_CHANGED
from hosting.models import Host
from protocol.errors import InvalidRequest, XrpcError

CONTROLLERS_MAX: Final = 20  # of an account, invited ones too
INVITATION_LASTS: Final = timedelta(days=7)
INVITATIONS: Final = bucket("delegation-invitations", Budget(20, DAY_S))  # of an account
PATH: Final = "/account/acting"  # accounts.pages.people: the controller's side


@dataclass(frozen=True, slots=True)
class Controller:
    """Who is to act: the DID, and the handle if it is proven."""

    did: str
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a controller may do: a role, with scopes where they are chosen one by one."""

    role: str
    scope: str = ""

    @property
    def stored(self) -> Mapping[str, str]:
        """As the row has it. Raises ScopeRefused."""
        is_chosen = self.role == Role.CUSTOM
        return {"role": self.role, "scope": roles.checked_scope(self.scope) if is_chosen else ""}


class NotAllowed(XrpcError):
    """403: only the account's own credentials do that, or the role does not allow it."""

    name = "Forbidden"
    status = 403
    message = "Your role does not allow this"
    page_text = _("Your role does not allow this.")


class ControllerUnknown(InvalidRequest):
    """400: nobody goes by that name."""

    field = "name"
    message = "No account found by that handle or DID"
    page_text = _("Nobody was found by this handle or DID.")


class OwnAccount(InvalidRequest):
    """400: an account cannot be controlled by itself."""

    field = "name"
    message = "An account cannot be controlled by itself"
    page_text = _("This is the account itself. Enter somebody else.")


class AlreadyThere(InvalidRequest):
    """400: that controller acts already."""

    field = "name"
    message = "This controller acts for the account already"
    page_text = _("They act for this account already. Change their role instead.")


class TooManyControllers(InvalidRequest):
    """400: the account has as many as it may."""

    field = "name"
    message = f"At most {CONTROLLERS_MAX} controllers per account"
    page_text = _("There are too many people or open invitations already.")


class ChangedMeanwhile(InvalidRequest):
    """400: somebody else changed or removed them since the page was shown."""

    message = "The controller was changed meanwhile"
    page_text = _("Somebody changed this meanwhile. Look at it again.")


def look_up(host: Host, name: str) -> Controller:
    """Who goes by a handle or DID, here or anywhere. Asks other servers: never in a transaction.
    Raises ControllerUnknown, and NetworkUnavailable."""
    here = Account.objects.of(host).open().named(name).first()
    if here is not None:
        return Controller(here.did, here.handle or "")
    try:
        found = resolution.identify(host, name)
    except resolution.NetworkUnavailable:
        raise
    except (resolution.HandleNotFound, resolution.UnresolvedDid):
        raise ControllerUnknown from None
    return Controller(found.did, found.handle or "")


def of_account(account: Account) -> list[Delegation]:
    """Who acts, and who is invited to, by name; at most CONTROLLERS_MAX."""
    rows = Delegation.objects.filter(account=account)
    return list(rows.exclude(expires_at__lt=timezone.now()).order_by("handle", "pk"))


def invite(
    account: Account,
    by: Delegation | None,
    controller: Controller,
    grant: Grant,
    address: str = "",
) -> Delegation:
    """Invite somebody, or once more who has not answered yet. Raises OwnAccount, AlreadyThere,
    TooManyControllers, NotAllowed, ScopeRefused, RateLimitExceeded, AccountTakedown."""
    if controller.did == account.did:
        raise OwnAccount
    stored = grant.stored
    limits.spend(INVITATIONS, account.host, account.did)
    with transaction.atomic():
        locked = status.lock_for_session(account)
        name = _check_may(locked, by, grant.role)
        _check_room(locked, controller.did)
        now = timezone.now()
        until = {"invited_at": now, "expires_at": now + INVITATION_LASTS, "accepted_at": None}
        made, _is_new = Delegation.objects.update_or_create(
            account=locked,
            controller_did=controller.did,
            defaults={"handle": controller.handle, **stored, **until},
        )
        made.account = locked
        _note(made, undoing.INVITED, {"id": made.pk}, name, address)
        _tell(made, _("You are invited to act for @%s"))
    return made


def change(
    account: Account,
    by: Delegation | None,
    seen: Delegation,
    grant: Grant,
    address: str = "",
) -> None:
    """Give a controller another role; their sessions end. `seen` is the row as the page showed it.
    Raises ChangedMeanwhile, NotAllowed, ScopeRefused."""
    stored = grant.stored
    with transaction.atomic():
        locked, found, name = _found(account, by, seen)
        _check_may(locked, by, grant.role)
        before = {"id": found.pk, "role": found.role, "scope": found.scope}
        if (found.role, found.scope) == (stored["role"], stored["scope"]):
            return
        found.role, found.scope = stored["role"], stored["scope"]
        found.save(update_fields=["role", "scope"])
        end_sessions(found)
        _note(found, undoing.ROLE_CHANGED, before, name, address)
        _tell(found, _("You have another role for @%s"))


def remove(account: Account, by: Delegation | None, seen: Delegation, address: str = "") -> None:
    """End a delegation, or withdraw an invitation; sessions go with it. Raises ChangedMeanwhile,
    NotAllowed."""
    with transaction.atomic():
        _locked, found, name = _found(account, by, seen)
        _note(found, undoing.REMOVED, undoing.as_it_was(found), name, address)
        _tell(found, _("You do not act for @%s any more"))
        found.delete()


def end_sessions(delegation: Delegation) -> None:
    """Sign the controller's apps out, in the caller's transaction, which holds the account."""
    OAuthSession.objects.filter(delegation=delegation).delete()
    OAuthRequest.objects.filter(delegation=delegation).delete()


def grantable(by: Delegation | None) -> list[str]:
    """The roles that somebody may give."""
    return [each for each in Role if by is None or each != Role.OWNER]


def _found(
    account: Account, by: Delegation | None, seen: Delegation
) -> tuple[Account, Delegation, str]:
    """The account locked, the row as it is, and who does it."""
    locked = status.lock_open(account)
    found = Delegation.objects.filter(account=locked, pk=seen.pk).first()
    if found is None or (found.role, found.scope) != (seen.role, seen.scope):
        raise ChangedMeanwhile
    found.account = locked
    return locked, found, _check_may(locked, by, found.role)


def _check_may(account: Account, by: Delegation | None, role: str) -> str:
    """Hold who does it against the table, as it is by now; their name, empty for the account.
    Raises NotAllowed."""
    if by is None:
        return ""
    rows = Delegation.objects.filter(account=account, accepted_at__isnull=False)
    now = rows.filter(pk=by.pk).first()
    if now is None or not roles.may(now, Deed.MANAGE_PEOPLE) or role == Role.OWNER:
        raise NotAllowed
    return now.name


def _check_room(account: Account, did: str) -> None:
    others = Delegation.objects.filter(account=account).exclude(controller_did=did)
    if others.count() >= CONTROLLERS_MAX:
        raise TooManyControllers
    if Delegation.objects.filter(
        account=account, controller_did=did, accepted_at__isnull=False
    ).exists():
        raise AlreadyThere


def _note(
    delegation: Delegation, changed: Kind, undo: Mapping[str, Any] | None, by: str, address: str
) -> None:
    """Tell the owner whom it is about, and who did it where that was a controller."""
    about = f"{delegation.name}, {roles.TITLES[delegation.role]}"
    detail = f"{about} ({by})" if by else about
    account = delegation.account
    security_changes.note(account, changed, detail=detail, address=address, undo=undo)


def _tell(delegation: Delegation, subject: str | Promise) -> None:
    """An e-mail to a controller who has an account at the same host. Its budget bounds how many
    strangers have sent to somebody; their invitations themselves shut out nobody else's."""
    account = delegation.account
    people = Account.objects.of(account.host).open().filter(did=delegation.controller_did)
    person = people.filter(taken_down_at__isnull=True).first()
    if person is None:
        return
    with override(person.language or None):
        context = {
            "subject": str(subject) % (account.handle or account.did),
            "handle": person.handle or person.did,
            "role": str(roles.TITLES[delegation.role]),
            "url": f"{account.host.origin}{PATH}",
        }
    language = person.language or None
    outbox.post(
        account.host, person.email, ACTING_CHANGED, context, language=language, cause=account.did
    )
