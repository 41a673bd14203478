"""What the status page shows: how each part works now, and when one did not."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Host


class Component(models.TextChoices):
    """A part that people notice when it does not work."""

    API = "api", _("Apps and pages")
    FIREHOSE = "firehose", _("New posts reaching others")
    MAIL = "mail", _("E-mail")
    PLC = "plc", _("Sign-ups and new handles")
    RELAYS = "relays", _("Relays")


class Working(models.TextChoices):
    """How a part works."""

    UP = "up", _("Works")
    SLOW = "slow", _("Slow")
    DOWN = "down", _("Does not work")


class StatusFigure(models.Model):
    """How one part of the platform, or (relays) of a host, worked when it was last looked at."""

    host = models.ForeignKey(Host, null=True, on_delete=models.CASCADE, related_name="+")
    component = models.CharField(max_length=20, choices=Component.choices)
    working = models.CharField(max_length=8, choices=Working.choices, default=Working.UP)
    behind_s = models.PositiveIntegerField(default=0)  # of what waits longest
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "status_figure"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "component"],
                name="status_figure_is_one_a_part",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.component}: {self.working}"


class Incident(models.Model):
    """A time in which a part did not work: noticed by ourselves, or told by the operator."""

    host = models.ForeignKey(Host, null=True, on_delete=models.CASCADE, related_name="+")
    component = models.CharField(max_length=20, choices=Component.choices)
    working = models.CharField(max_length=8, choices=Working.choices)  # the worst of it
    is_noticed = models.BooleanField(default=True)  # ends by itself
    text = models.TextField(blank=True)  # the operator's words, one note a line
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "incident"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "component"],
                name="incident_is_noticed_once",
                condition=Q(ended_at__isnull=True, is_noticed=True),
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["began_at"], name="incident_by_age")]

    def __str__(self) -> str:
        return f"{self.component}: {self.working} since {self.began_at}"
