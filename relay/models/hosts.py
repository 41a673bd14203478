"""Hosts that the relay reads, what it refused of theirs, and domains that it never reads."""

from django.db import models


class RelayHost(models.Model):
    """A PDS that the relay reads: one of our own (`inside_id`), or one that asked to be crawled.

    `account_count` rises with each account first seen there and falls only when one moves to
    another host; those beyond `account_limit` are throttled. Of our own hosts neither counts.
    """

    class Status(models.TextChoices):
        """com.atproto.sync.defs#hostStatus."""

        ACTIVE = "active"
        IDLE = "idle"
        OFFLINE = "offline"
        THROTTLED = "throttled"
        BANNED = "banned"

    hostname = models.TextField(unique=True)  # lower case; with a port in a sandbox alone
    inside_id = models.BigIntegerField(null=True, unique=True)  # of hosting.Host
    status = models.TextField(choices=Status.choices, default=Status.ACTIVE)
    is_trusted = models.BooleanField(default=False)  # by GROVE_RELAY_TRUSTED when it came
    seq = models.BigIntegerField(null=True)  # the last event of its own that is done with
    account_count = models.BigIntegerField(default=0, db_default=0)
    account_limit = models.BigIntegerField()
    accepted_count = models.BigIntegerField(default=0, db_default=0)  # events that went on
    last_event_at = models.DateTimeField(null=True)
    lag_s = models.IntegerField(null=True)  # the newest commit's age when it went on
    rate_use = models.SmallIntegerField(default=0, db_default=0)  # % of an hour's or day's events
    connected_at = models.DateTimeField(null=True)  # null: no socket is open
    failures = models.IntegerField(default=0, db_default=0)  # to connect, since the last event
    last_error = models.TextField(blank=True, default="", db_default="")
    retry_at = models.DateTimeField(null=True)  # no try before; null: at once
    is_crawl_wanted = models.BooleanField(default=True, db_default=True)  # by requestCrawl, staff
    changed_at = models.DateTimeField(null=True)  # by staff: the crawler looks at these
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "relay_host"
        indexes = [
            models.Index(
                fields=["retry_at"],
                condition=models.Q(
                    inside_id__isnull=True, connected_at__isnull=True, is_crawl_wanted=True
                ),
                name="relay_host_waiting",
            ),
            models.Index(
                fields=["changed_at"],
                condition=models.Q(changed_at__isnull=False),
                name="relay_host_changed",
            ),
        ]

    def __str__(self) -> str:
        return self.hostname


class Rejection(models.Model):
    """How many events of a host were refused, by reason (relay.verification.reasons), and the
    latest of them."""

    host = models.ForeignKey(RelayHost, on_delete=models.CASCADE, related_name="rejections")
    reason = models.TextField()
    count = models.BigIntegerField()
    last_at = models.DateTimeField()
    last_did = models.TextField(blank=True)
    last_detail = models.TextField(blank=True)

    class Meta:
        db_table = "relay_rejection"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "reason"], name="relay_rejection_is_one_a_host_and_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.count}"


class HostAlert(models.Model):
    """What the platform's staff should know of an outside host (relay.hosts.alerts); it stays when
    it is over, so that nobody hears of the same every minute."""

    class Kind(models.TextChoices):
        """What is the matter."""

        ACCOUNTS = "accounts"  # near its account limit
        EVENTS = "events"  # near its events of an hour or a day, or beyond
        LAG = "lag"  # offline, or its events come late
        REJECTIONS = "rejections"  # most of what it sends is refused

    host = models.ForeignKey(RelayHost, on_delete=models.CASCADE, related_name="alerts")
    kind = models.TextField(choices=Kind.choices)
    figure = models.BigIntegerField()  # percent; seconds, 0 offline; events a minute
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "relay_host_alert"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "kind"], name="relay_alert_is_one_a_host_and_kind"
            )
        ]
        indexes = [
            models.Index(
                fields=["raised_at"],
                condition=models.Q(ended_at__isnull=True),
                name="relay_alert_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.host_id}"


class HostWatch(models.Model):
    """What a host's counts were when alerts last looked; of hosts of which something was refused.

    A table of its own: the relay's writer holds hosts all the time.
    """

    host = models.OneToOneField(RelayHost, on_delete=models.CASCADE, primary_key=True)
    accepted = models.BigIntegerField()
    rejected = models.BigIntegerField()

    class Meta:
        db_table = "relay_host_watch"

    def __str__(self) -> str:
        return str(self.pk)


class DomainBan(models.Model):
    """A domain whose hosts, and those below it, are not read."""

    domain = models.TextField(unique=True)  # lower case
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "relay_domain_ban"

    def __str__(self) -> str:
        return self.domain
