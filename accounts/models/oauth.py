"""Sign-in with OAuth: browsers, requests under way, the sessions that came of them, consents.

Source: docs/decisions/0031. What would serve a thief is kept as a SHA-256 (hex) or not at all:
refresh tokens are made and checked with the host's secret (accounts.oauth.tokens). Everything
belongs to one host; whose is looked at in every query.
"""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models.accounts import Account
from accounts.models.delegations import Delegation
from hosting.models import Host, HostQuerySet, Tenant

CLIENT_ID_MAX_CHARS = 2_048


class OAuthDevice(models.Model):
    """A browser at one host, known by a pair of cookies: one names it, the other proves it and
    changes every few minutes (accounts.oauth.devices)."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    name_sha256 = models.CharField(max_length=64, unique=True)
    proof_sha256 = models.CharField(max_length=64)
    previous_proof_sha256 = models.CharField(max_length=64, blank=True, default="")
    rotated_at = models.DateTimeField()
    place_sha256 = models.CharField(max_length=64)  # of network and user agent
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "oauth_device"


class OAuthDeviceAccount(models.Model):
    """An account that is signed in at a browser."""

    device = models.ForeignKey(
        OAuthDevice, on_delete=models.CASCADE, related_name="signed_in", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    signed_in_at = models.DateTimeField()  # when the password was last asked for
    is_remembered = models.BooleanField()  # else for some minutes, accounts.oauth.devices

    class Meta:
        db_table = "oauth_device_account"
        constraints = [
            models.UniqueConstraint(
                fields=["device", "account"], name="oauth_device_account_is_once_a_device"
            )
        ]


class OAuthRequest(models.Model):
    """A pushed authorization request (RFC 9126), until its code was exchanged.

    `parameters` are the client's, checked: redirect_uri, scope (what it may ask for), state,
    response_mode, prompt, login_hint, code_challenge, language (the first of `ui_locales` that we
    speak), and what is absent is left out.
    """

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    uri_sha256 = models.CharField(max_length=64, unique=True)
    client_id = models.CharField(max_length=CLIENT_ID_MAX_CHARS)
    client = models.JSONField()  # accounts.oauth.clients.ClientProfile: pages ask no network
    client_auth = models.JSONField(default=dict)  # accounts.oauth.clients.ClientAuth
    dpop_jkt = models.CharField(max_length=64, blank=True, default="")  # empty: bound by the code
    parameters = models.JSONField()
    device = models.ForeignKey(  # the first browser that opened it
        OAuthDevice, null=True, on_delete=models.CASCADE, related_name="+"
    )
    # Who signed in or was chosen so far; who asks for the code.
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    # By whom, where that is a controller of the account; null: by its owner.
    delegation = models.ForeignKey(
        Delegation, null=True, on_delete=models.CASCADE, related_name="+"
    )
    is_fresh_sign_in = models.BooleanField(default=False)  # a password was asked for, for this
    code_sha256 = models.CharField(  # noqa: DJ001 - null: none was given out
        max_length=64, null=True, unique=True
    )
    granted_scope = models.TextField(blank=True, default="")  # what was left ticked
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "oauth_request"
        constraints = [
            models.CheckConstraint(
                name="oauth_request_with_a_code_has_an_account",
                condition=Q(code_sha256__isnull=True) | Q(account__isnull=False),
            )
        ]


class OAuthSessionQuerySet(models.QuerySet["OAuthSession"]):
    """OAuth sessions, in the words that callers use."""

    def of(self, host: Host) -> "OAuthSessionQuerySet":
        return self.filter(account__host=host)

    def at(self, hosts: HostQuerySet) -> "OAuthSessionQuerySet":
        return self.filter(account__host__in=hosts)


class OAuthSession(models.Model):
    """An app that is signed in to an account: all tokens that came of one consent.

    The row is the session: its tokens are good while it is there, and no longer
    (accounts.authentication.live_sessions). `generation` counts refreshes, so a refresh token that
    comes twice is known (accounts.oauth.sessions).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="oauth_sessions")
    # Of a session by which a controller acts for the account, and the controller's DID; null and
    # empty: it is its owner's.
    delegation = models.ForeignKey(  # the index has those rows alone that have one
        Delegation, null=True, on_delete=models.CASCADE, related_name="sessions", db_index=False
    )
    actor_did = models.CharField(max_length=2048, blank=True, default="", db_default="")
    client_id = models.CharField(max_length=CLIENT_ID_MAX_CHARS)
    client_auth = models.JSONField(default=dict)  # as the request has it; pinned
    dpop_jkt = models.CharField(max_length=64)  # RFC 7638 thumbprint of the client's key
    granted_scope = models.TextField()  # as granted, with `include:`
    scope = models.TextField()  # what the newest access token may do: `include:` expanded
    generation = models.PositiveIntegerField(default=0)
    refreshed_at = models.DateTimeField()
    code_sha256 = models.CharField(max_length=64, unique=True)  # a second use of the code is known
    device = models.ForeignKey(
        OAuthDevice, null=True, on_delete=models.SET_NULL, related_name="sessions"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    refresh_until = models.DateTimeField(db_index=True)  # unless it is refreshed before
    ends_at = models.DateTimeField()  # whatever happens; never before that

    objects = OAuthSessionQuerySet.as_manager()

    class Meta:
        db_table = "oauth_session"
        constraints = [
            models.CheckConstraint(
                name="oauth_session_of_a_delegation_has_an_actor",
                condition=Q(delegation__isnull=True, actor_did="")
                | Q(delegation__isnull=False) & ~Q(actor_did=""),
            )
        ]
        indexes = [
            models.Index(
                fields=["delegation"],
                name="oauth_session_of_delegation",
                condition=Q(delegation__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.client_id} for {self.account_id}"


class OAuthConsent(models.Model):
    """What an account was asked by an app, and what of it was left ticked."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="oauth_consents", db_index=False
    )
    client_id = models.CharField(max_length=CLIENT_ID_MAX_CHARS)
    granted = models.JSONField(default=list)  # scopes as asked for, ticked
    declined = models.JSONField(default=list)  # scopes as asked for, unticked
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "oauth_consent"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "client_id"], name="oauth_consent_is_one_a_client"
            )
        ]


class OAuthClientRule(models.Model):
    """What a tenant thinks of an app: trusted (name and logo are shown, consent may be silent) or
    blocked (nobody can sign in with it). No row: an app like any other."""

    class Stance(models.TextChoices):
        TRUSTED = "trusted"
        BLOCKED = "blocked"

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="oauth_client_rules", db_index=False
    )
    client_id = models.CharField(max_length=CLIENT_ID_MAX_CHARS)
    stance = models.CharField(max_length=8, choices=Stance.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "oauth_client_rule"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "client_id"], name="oauth_client_rule_is_one_a_tenant"
            )
        ]
