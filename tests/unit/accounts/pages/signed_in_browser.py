"""Browsers without scripts in which somebody is signed in, and what they read."""

from html import unescape

from django.test import Client
from django.utils import timezone

from accounts.authentication import email_codes, web_sessions
from accounts.models import Account, WebSession
from accounts.pages.cookies import COOKIE


def browser_of(account: Account) -> Client:
    """A browser in which the account has just signed in."""
    browser = Client(HTTP_HOST=account.host.hostname)
    browser.cookies[COOKIE] = web_sessions.begin(account)
    return browser


def forget_proof(account: Account) -> None:
    """They signed in long ago."""
    long_ago = timezone.now() - timezone.timedelta(hours=1)
    WebSession.objects.filter(account=account).update(proved_at=long_ago)


def text(response) -> str:
    """What a page says, entities read."""
    return unescape(response.content.decode())


def code_of(account: Account, purpose: str) -> str:
    """The code that is in the mail."""
    return email_codes.issue(account, purpose)
