"""Accounts, their keys and DIDs, and who is signed in, one module a topic."""

from accounts.models.accounts import Account, AccountQuerySet
from accounts.models.email import EmailToken, KnownPlace
from accounts.models.identities import PlcOperation, SigningKey
from accounts.models.preferences import Preference
from accounts.models.sessions import AppPassword, Session, WebSession

__all__ = [
    "Account",
    "AccountQuerySet",
    "AppPassword",
    "EmailToken",
    "KnownPlace",
    "PlcOperation",
    "Preference",
    "Session",
    "SigningKey",
    "WebSession",
]
