"""Tenants, their hosts and handle domains.

A tenant is a customer; a host is one PDS host name of a tenant; a handle domain is a domain under
which a host gives out handles (docs/architecture.md section 1). Every package above hangs on
a host, never on a global.
"""

from copy import copy
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from hosting.models.plans import Plan

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")

hostname_rule = RegexValidator(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", _("Not a host name."))
domain_rule = RegexValidator(r"^\.[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$", _("Begins with a dot."))
MOVED_COPY_KEPT_DAYS_MIN = 7  # the new host may still be fetching blobs
country_rule = RegexValidator(r"^[A-Z]{2}$", _("Two letters, such as DE."))  # ISO 3166-1
colour_rule = RegexValidator(r"^#[0-9a-f]{6}$", _("A colour such as #2f6b3a."))


class Tenant(models.Model):
    """A customer: an association, a company, a city, an app maker."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    primary_colour = models.CharField(max_length=7, default="#2f6b3a", validators=[colour_rule])
    support_email = models.EmailField(blank=True)
    privacy_policy_url = models.URLField(blank=True)
    terms_of_service_url = models.URLField(blank=True)
    # What its people are told on /about (provider.pages.about)
    operator = models.CharField(max_length=200, blank=True, default="", db_default="")
    country = models.CharField(
        max_length=2, blank=True, default="", db_default="", validators=[country_rule]
    )
    moderation_email = models.EmailField(blank=True, default="", db_default="")
    backups = models.CharField(max_length=500, blank=True, default="", db_default="")
    exit_promise = models.CharField(max_length=1000, blank=True, default="", db_default="")
    moved_copy_kept_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(MOVED_COPY_KEPT_DAYS_MIN)],
        help_text=_(
            "For how many days the copy of an account that moved away is kept; empty: until its"
            " owner deletes it."
        ),
    )
    wants_second_factors = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("People without a second factor are asked to set one up when they sign in."),
    )
    # Its hosts serve nobody meanwhile (hosting.tenancy.suspension)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspension_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    # What it may use: hosting.plans.quotas
    plan = models.ForeignKey(
        Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="tenants"
    )
    limits = models.JSONField(default=dict, db_default={}, blank=True)  # of its own, as a plan's
    limits_before = models.JSONField(default=dict, db_default={}, blank=True)
    grace_until = models.DateTimeField(null=True, blank=True)  # until then those hold, if greater
    exported_at = models.DateTimeField(null=True, blank=True)  # while it was suspended
    deleted_at = models.DateTimeField(null=True, blank=True)  # only what outlives it is here
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "tenant"

    def __str__(self) -> str:
        return self.name


def service_did(origin: str) -> str:
    """`http://localhost:2583` -> `did:web:localhost%3A2583`."""
    return f"did:web:{urlsplit(origin).netloc.lower().replace(':', '%3A')}"


class HostQuerySet(models.QuerySet["Host"]):
    """Hosts, in the words that callers use."""

    def named(self, hostname: str) -> "HostQuerySet":
        """That of this name, its own or its second one."""
        name = hostname.lower()
        return self.filter(models.Q(hostname=name) | models.Q(other_hostname=name))

    def are_all(self) -> bool:
        """Whether nothing narrows them: the platform's staff and tokens look at every host."""
        query = self.query
        return not (query.has_filters() or query.is_sliced or query.combinator)

    def narrow(self, rows: Rows) -> Rows:
        """Those of the rows whose `host` is one of these. By number, which Postgres plans better
        than a subquery; all hosts narrow nothing, where ten thousand numbers would cost more than
        the rows."""
        if self.are_all():
            return rows
        return rows.filter(host__in=list(self.values_list("pk", flat=True)))

    def first_of(self, tenant: Tenant | int | None) -> "Host | None":
        """A tenant's first host, whose log and mail are the tenant's."""
        return self.filter(tenant=tenant).select_related("tenant").order_by("pk").first()


class Host(models.Model):
    """One PDS host name: one service DID, one firehose with its own `seq`, one token secret."""

    # Of a host as requests have it: answers that hold for as long as it is remembered
    # (hosting.tenancy.routing).
    kept: dict[str, bytes] | None = None

    class Admission(models.TextChoices):
        """Who may have an account here. Every way in obeys it: accounts.signup.policy."""

        OPEN = "open", _("Open to everybody")
        CAPTCHA = "captcha", _("Open to whoever solves a captcha")
        INVITE = "invite", _("With an invite code")
        APPROVAL = "approval", _("After staff have approved")
        MIGRATION_ONLY = "migration_only", _("Only for accounts that move in from another host")
        CLOSED = "closed", _("Closed")

    class DidMethod(models.TextChoices):
        """What kind of DID a new account gets: docs/decisions/0023."""

        PLC = "plc", _("did:plc: theirs to take anywhere")
        WEB = "web", _("did:web: bound to this host's handle domain")

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="hosts")
    hostname = models.CharField(max_length=253, unique=True, validators=[hostname_rule])
    origin = models.CharField(max_length=300, help_text=_("Public URL, no trailing slash."))
    # A second name under which it answers, as that one, while its accounts' DIDs move from one to
    # the other (provider.host_renames)
    other_hostname = models.CharField(
        max_length=253, unique=True, null=True, blank=True, validators=[hostname_rule]
    )
    other_origin = models.CharField(max_length=300, blank=True, default="", db_default="")
    service_did = models.CharField(max_length=300)
    did_method = models.CharField(max_length=8, choices=DidMethod.choices, default=DidMethod.PLC)
    admission = models.CharField(max_length=16, choices=Admission.choices, default=Admission.OPEN)
    sign_up_limit_count = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("More sign-ups than this in ten minutes are held for staff; empty: no limit."),
    )
    invite_interval = models.DurationField(
        null=True,
        blank=True,
        help_text=_("How long an account waits for each invite code it earns."),
    )
    invite_epoch = models.DateTimeField(
        null=True, blank=True, help_text=_("Time before this earns no invite codes.")
    )
    # An outside captcha (accounts.signup.captcha); without it our own puzzle is asked.
    captcha_verify_url = models.URLField(blank=True)
    captcha_site_key = models.CharField(max_length=200, blank=True)
    captcha_secret = models.BinaryField(default=b"", blank=True)  # wrapped
    moderation_did = models.CharField(
        max_length=2048, blank=True, help_text=_("The service that may use com.atproto.admin.*.")
    )
    # Services of its own (xrpc.proxy): URL and DID of each, or neither; else the deployment's.
    moderation_url = models.URLField(blank=True)  # of `moderation_did`: answers tools.ozone.*
    report_url = models.URLField(blank=True)
    report_did = models.CharField(max_length=2048, blank=True)
    appview_url = models.URLField(blank=True)
    appview_did = models.CharField(max_length=2048, blank=True)
    appview_cdn = models.CharField(max_length=500, blank=True)  # with {preset}, {did} and {cid}
    app_url = models.URLField(blank=True, default="", db_default="")  # of the tenant's own app
    blob_limit_bytes = models.BigIntegerField(null=True, blank=True)
    blob_quota_bytes = models.BigIntegerField(
        null=True,
        blank=True,
        help_text=_("All blobs of one account together; empty: the platform's limit."),
    )
    admin_password = models.CharField(max_length=200, blank=True)  # hashed
    token_secret = models.BinaryField()  # wrapped; signs the host's session tokens
    rotation_key = models.BinaryField()  # wrapped k256; the host's own did:plc rotation key
    rotation_did_key = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HostQuerySet.as_manager()

    class Meta:
        db_table = "host"
        constraints = [
            models.CheckConstraint(
                name="host_hostname_is_lower_case", condition=models.Q(hostname=Lower("hostname"))
            )
        ]

    def __str__(self) -> str:
        return self.hostname

    def under_other_name(self) -> "Host":
        """The host as it is under its second name, its own being the second one there. A copy."""
        other = copy(self)
        other.hostname, other.other_hostname = self.other_hostname or "", self.hostname
        other.origin, other.other_origin = self.other_origin, self.origin
        other.service_did = service_did(other.origin)
        return other

    def origin_at(self, hostname: str) -> str:
        """The public URL that it would have under another name: same scheme, same port."""
        parts = urlsplit(self.origin)
        port = f":{parts.port}" if parts.port is not None else ""
        return f"{parts.scheme}://{hostname}{port}"

    def is_at(self, origin: str) -> bool:
        """Whether that is its public URL, by whichever of its names."""
        return origin in (self.origin.lower(), self.other_origin.lower()) and bool(origin)

    @property
    def service_dids(self) -> tuple[str, ...]:
        """Its service DID, and that of its second name."""
        other = (service_did(self.other_origin),) if self.other_origin else ()
        return self.service_did, *other

    def is_known_as(self, did: object) -> bool:
        """Whether that is its service DID, by whichever of its names."""
        return did in self.service_dids

    @property
    def has_invites_required(self) -> bool:
        return bool(self.admission == Host.Admission.INVITE)


class HandleDomain(models.Model):
    """A domain under which a host gives out handles; the name begins with a dot."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="handle_domains")
    name = models.CharField(max_length=253, unique=True, validators=[domain_rule])
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "handle_domain"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
