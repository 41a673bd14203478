"""Controllers who are simply there: accounts that act for another one."""

from django.utils import timezone

from accounts.models import Account, Delegation
from accounts.oauth import authorization, devices
from tests.oauth_app import App, code_in


def delegation(
    account: Account, controller: Account, role: str = "editor", scope: str = ""
) -> Delegation:
    """One that was accepted."""
    return Delegation.objects.create(
        account=account,
        controller_did=controller.did,
        handle=controller.handle or "",
        role=role,
        scope=scope,
        invited_at=timezone.now(),
        accepted_at=timezone.now(),
    )


def code_of(app: App, controller: Account, by: Delegation) -> str:
    """The code that an app gets when a controller acts for an account and agrees to everything."""
    browser = devices.create(app.host, "a browser").device
    opened = app.opened(browser)
    opened = authorization.sign_in(opened, controller, is_remembered=True)
    opened = authorization.act(opened, str(by.pk))
    ticked = authorization.question(opened).scopes
    return code_in(authorization.decide(opened, by.account, ticked))


def acting(app: App, controller: Account, by: Delegation) -> App:
    """The app with tokens by which the controller acts."""
    response = app.exchange(code_of(app, controller, by))
    assert response.status_code == 200, response.content
    app.tokens = response.json()
    return app
