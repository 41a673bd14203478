"""Accounts, their keys and DIDs, and who is signed in, one module a topic."""

from accounts.models.account_migrations import AccountMigration
from accounts.models.accounts import Account, AccountLimits, AccountQuerySet, Preference
from accounts.models.delegations import ControllerSession, DelegatedDeed, Delegation
from accounts.models.email import DeletionReminder, EmailToken, KnownPlace
from accounts.models.factors import (
    FactorAttempts,
    Passkey,
    RecoveryCode,
    Totp,
    TrustedBrowser,
)
from accounts.models.identities import (
    PlcOperation,
    RecoveryKey,
    ReservedKey,
    SeenPlcLog,
    SigningKey,
)
from accounts.models.invites import InviteCode, InviteCodeQuerySet, InvitePermission, InviteUse
from accounts.models.names import CustomHandle, WebIdentity
from accounts.models.oauth import (
    OAuthClientRule,
    OAuthConsent,
    OAuthDevice,
    OAuthDeviceAccount,
    OAuthRequest,
    OAuthSession,
    OAuthSessionQuerySet,
)
from accounts.models.openid import OpenIdIdentity, OpenIdProvider, StaffOpenIdIdentity
from accounts.models.sessions import AppPassword, Session, WebSession
from accounts.models.sign_ins import SecurityChange, SignIn
from accounts.models.sign_ups import (
    HeldSignUp,
    HeldSignUpQuerySet,
    SignUpBlock,
    SignUpVelocityLimit,
    SpentChallenge,
)

__all__ = [
    "Account",
    "AccountLimits",
    "AccountMigration",
    "AccountQuerySet",
    "AppPassword",
    "ControllerSession",
    "CustomHandle",
    "DelegatedDeed",
    "Delegation",
    "DeletionReminder",
    "EmailToken",
    "FactorAttempts",
    "HeldSignUp",
    "HeldSignUpQuerySet",
    "InviteCode",
    "InviteCodeQuerySet",
    "InvitePermission",
    "InviteUse",
    "KnownPlace",
    "OAuthClientRule",
    "OAuthConsent",
    "OAuthDevice",
    "OAuthDeviceAccount",
    "OAuthRequest",
    "OAuthSession",
    "OAuthSessionQuerySet",
    "OpenIdIdentity",
    "OpenIdProvider",
    "Passkey",
    "PlcOperation",
    "Preference",
    "RecoveryCode",
    "RecoveryKey",
    "ReservedKey",
    "SecurityChange",
    "SeenPlcLog",
    "Session",
    "SignIn",
    "SignUpBlock",
    "SignUpVelocityLimit",
    "SigningKey",
    "SpentChallenge",
    "StaffOpenIdIdentity",
    "Totp",
    "TrustedBrowser",
    "WebIdentity",
    "WebSession",
]
