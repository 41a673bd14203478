"""Controllers at a sign-in: accounts that those who are signed in at the browser act for.

An app asks for an account; who answers may be its owner or a controller of it, who signed in as
themselves (accounts.delegation). Nothing of a controller's consent is remembered, and none is
silent: what an app once got from the owner is no answer of theirs.
"""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from accounts.delegation import acting, roles
from accounts.models import Account, Delegation, OAuthDeviceAccount
from accounts.oauth import devices
from accounts.oauth.requests.opened_requests import Opened
from hosting.models import Host

SIGN_IN_IS_FRESH_FOR: Final = timedelta(days=7)


def of_browser(opened: Opened) -> list[Delegation]:
    """Whom somebody here may act for, for this app: the accounts that `login_hint` names, or
    all."""
    people = acting.able([each.account for each in devices.signed_in(opened.device)])
    people += [opened.visitor.did] if opened.visitor is not None else []
    found = acting.of_people(opened.host, people)
    return [each for each in found if is_expected(opened, each.account)]


def of_person(opened: Opened, person: Account) -> list[Delegation]:
    """As `of_browser`, for one of them."""
    found = acting.of_people(opened.host, acting.able([person]))
    return [each for each in found if is_expected(opened, each.account)]


def is_expected(opened: Opened, account: Account) -> bool:
    """Whether the app left it open who it is, or means this account."""
    hint = opened.login_hint
    return not hint or hint in (account.did.lower(), account.handle)


def is_fresh(here: OAuthDeviceAccount) -> bool:
    """Whether a sign-in at the browser is young enough to answer by."""
    return here.signed_in_at > timezone.now() - SIGN_IN_IS_FRESH_FOR


def has_fresh_sign_in(opened: Opened, delegation: Delegation) -> bool:
    """Whether the controller is signed in at the browser, and lately enough; a visitor's session
    lasts no longer than that."""
    if opened.visitor is not None and opened.visitor.did == delegation.controller_did:
        return True
    here = devices.signed_in(opened.device)
    mine = [each for each in here if each.account.did == delegation.controller_did]
    return any(is_fresh(each) and each.account.is_active for each in mine)


def locked(host: Host, delegation_id: int | None) -> Delegation | None:
    """The delegation of a session that begins or goes on, locked with whom it is about; None for an
    owner's. Raises DelegationEnded."""
    return None if delegation_id is None else acting.locked_for_session(host, delegation_id)


def narrowed(host: Host, delegation: Delegation | None, scope: str) -> str:
    """What a session may do of an expanded `scope`: as much as its controller."""
    return scope if delegation is None else roles.narrowed(host, delegation, scope)
