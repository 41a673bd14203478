"""Reports to the moderation of a host."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet
from moderation.models.cases import Case
from moderation.models.evidence import Evidence
from server.database.search_indexes import index_of_words


class ReportQuerySet(models.QuerySet["Report"]):
    """Reports, in the words that callers use."""

    def of(self, hosts: HostQuerySet) -> "ReportQuerySet":
        return self.filter(host__in=hosts)

    def undecided(self) -> "ReportQuerySet":
        return self.filter(resolution="")


class Report(models.Model):
    """What somebody found amiss (moderation.desk.reports.reports). All names are text: a report
    outlives whom it is from and whom it is about."""

    class Source(models.TextChoices):
        """How it came."""

        PEOPLE = "people", _("somebody with an account")
        PUBLIC = "public", _("the public page")
        NOTICE = "notice", _("an abuse notice")
        SCANNER = "scanner", _("the scanner")
        STAFF = "staff", _("staff")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")  # the reporter's
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="reports"
    )
    source = models.TextField(
        choices=Source.choices, default=Source.PEOPLE, db_default=Source.PEOPLE
    )
    # A DID, or from outside the address that was left, if any
    reported_by = models.CharField(_("reported by"), max_length=2048, blank=True)
    reason_type = models.CharField(_("kind"), max_length=300)  # the lexicon's word
    reason = models.TextField(_("reason"), blank=True)
    subject_did = models.CharField(_("about"), max_length=2048)
    subject_uri = models.CharField(_("record"), max_length=8192, blank=True)
    subject_cid = models.CharField(max_length=256, blank=True)
    tool = models.TextField(blank=True)  # JSON: the app it came from
    evidence = models.ForeignKey(
        Evidence, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    resolution = models.TextField(
        choices=Case.Resolution.choices, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        db_table = "report"
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["host", "id"], name="report_by_host"),
            models.Index(fields=["host", "created_at"], name="report_by_time"),
            models.Index(fields=["subject_did"], name="report_by_subject"),
            models.Index(fields=["reported_by"], name="report_by_reporter"),
            index_of_words("reason", "report_words"),
        ]

    def __str__(self) -> str:
        return f"{self.reason_type}: {self.subject_uri or self.subject_did}"
