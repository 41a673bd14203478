"""Cases: what the desk works through, one for each reported account or record of a host."""

from hashlib import md5
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet, Tenant


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases, in the words that callers use."""

    def of(self, hosts: HostQuerySet) -> "CaseQuerySet":
        return hosts.narrow(self)

    def unclosed(self) -> "CaseQuerySet":
        return self.exclude(state=Case.State.CLOSED)

    def overdue(self) -> "CaseQuerySet":
        return self.unclosed().filter(due_at__lte=timezone.now())

    def about(self, did: str) -> "CaseQuerySet":
        """About an account and all of its records."""
        return self.filter(subject_did=did)

    def with_subject(self, subject: str) -> "CaseQuerySet":
        """About exactly this DID or at-URI; by its digest, since an at-URI may be longer than what
        an index takes."""
        digest = md5(subject.encode(), usedforsecurity=False).hexdigest()
        return self.alias(digest=MD5("subject")).filter(digest=digest, subject=subject)


class Case(models.Model):
    """All that the staff of a host decide about one subject at a time. The subject is text: a case
    outlives it. Which state may follow which: moderation.desk.states, held by a trigger."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")  # nobody has it
        ASSIGNED = "assigned", _("Assigned")
        ESCALATED = "escalated", _("Escalated")  # for somebody with more say
        WAITING = "waiting", _("Waiting")  # for an answer, until `waiting_until`
        CLOSED = "closed", _("Closed")

    class Resolution(models.TextChoices):
        """How it was closed."""

        ACTIONED = "actioned", _("Action taken")
        DISMISSED = "dismissed", _("Dismissed")
        DUPLICATE = "duplicate", _("Duplicate")

    class Kind(models.TextChoices):
        """What it is about, in the order in which one report's kind gives way to another's."""

        CHILD_SAFETY = "child_safety", _("Child safety")
        SELF_HARM = "self_harm", _("Self-harm")
        VIOLENCE = "violence", _("Violence and threats")
        PRIVACY = "privacy", _("Private data published")
        SEXUAL = "sexual", _("Sexual content")
        HARASSMENT = "harassment", _("Harassment")
        LEGAL = "legal", _("Legal notice")
        MISLEADING = "misleading", _("Misleading")
        RULES = "rules", _("Breach of rules")
        SPAM = "spam", _("Spam")
        OTHER = "other", _("Something else")
        APPEAL = "appeal", _("Appeal")  # a case of its own, beside what it appeals

    class Priority(models.IntegerChoices):
        """The first key of every queue."""

        URGENT = 0, _("Urgent")
        OVERDUE = 1, _("Overdue")
        NORMAL = 2, _("Normal")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.TextField(_("about"))  # the DID of an account or the at-URI of a record
    subject_did = models.CharField(max_length=2048)  # whose it is
    collection = models.TextField(blank=True, default="")  # of the record; empty: an account
    kind = models.TextField(_("kind"), choices=Kind.choices)
    state = models.TextField(_("status"), choices=State.choices, default=State.OPEN)
    resolution = models.TextField(choices=Resolution.choices, blank=True, default="")
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    due_at = models.DateTimeField(_("due"))
    waiting_until = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        db_index=False,
    )
    # Who decided what is appealed, and so does not get the appeal.
    barred = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    report_count = models.PositiveIntegerField(default=0)
    reported_at = models.DateTimeField(default=timezone.now)  # the newest report
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        db_table = "moderation_case"
        ordering: ClassVar[list[str]] = ["priority", "due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                F("host"),
                MD5("subject"),
                name="case_once_a_subject",
                condition=~Q(state="closed") & ~Q(kind="appeal"),
            ),
            models.UniqueConstraint(
                F("host"),
                MD5("subject"),
                name="case_once_an_appeal",
                condition=Q(kind="appeal") & ~Q(state="closed"),
            ),
            models.CheckConstraint(
                name="case_is_closed_somehow",
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(resolution="")
                | ~Q(state="closed") & Q(resolution="", closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="case_is_assigned_to_somebody",
                condition=~Q(state__in=["open", "assigned"])
                | Q(state="open", assignee__isnull=True)
                | Q(state="assigned", assignee__isnull=False),
            ),
            models.CheckConstraint(
                name="case_is_not_for_who_decided",
                condition=Q(assignee__isnull=True)
                | Q(barred__isnull=True)
                | ~Q(assignee=F("barred")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["host", "priority", "due_at", "id"],
                name="case_queue",
                condition=~Q(state="closed"),
            ),
            models.Index(
                fields=["host", "kind", "priority", "due_at", "id"],
                name="case_queue_of_kind",
                condition=~Q(state="closed"),
            ),
            models.Index(  # those of one assignee, and the sweep's
                fields=["assignee", "priority", "due_at", "id"],
                name="case_queue_of_assignee",
                condition=~Q(state="closed") & Q(assignee__isnull=False),
            ),
            models.Index(  # of several tenants, for the platform's staff
                fields=["priority", "due_at", "id"],
                name="case_queue_of_all",
                condition=~Q(state="closed"),
            ),
            models.Index(fields=["due_at"], name="case_due", condition=~Q(state="closed")),
            models.Index(fields=["waiting_until"], name="case_waits", condition=Q(state="waiting")),
            models.Index(
                fields=["host", "-closed_at", "-id"], name="case_done", condition=Q(state="closed")
            ),
            models.Index(fields=["subject_did"], name="case_by_account"),
            models.Index(F("host"), MD5("subject"), name="case_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"

    @property
    def is_closed(self) -> bool:
        """Whether it was decided."""
        return self.state == Case.State.CLOSED

    @property
    def is_overdue(self) -> bool:
        """Whether its time is over and it is not decided."""
        return not self.is_closed and self.due_at <= timezone.now()

    @property
    def path(self) -> str:
        """`collection/rkey` of the record; empty for an account."""
        return self.subject.removeprefix(f"at://{self.subject_did}/") if self.collection else ""


class CaseEvent(models.Model):
    """One thing that happened to a case: a move, or a note. Rows are only ever added; a trigger
    refuses changes and deletions."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        NOTE = "note", _("Note")
        ASSIGNED = "assigned", _("Taken")
        RELEASED = "released", _("Put back")
        ESCALATED = "escalated", _("Escalated")
        WAITING = "waiting", _("Set to wait")
        RESUMED = "resumed", _("Waited long enough")
        OVERDUE = "overdue", _("Overdue")
        ACTION = "action", _("Action")
        REPORT_CLOSED = "report_closed", _("Report closed")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Reopened")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    kind = models.TextField(choices=Kind.choices)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        db_table = "case_event"
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}".strip()


class CaseViewer(models.Model):
    """Who had a case open when: others see it for a minute."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="viewers")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        db_table = "case_viewer"
        constraints = [
            models.UniqueConstraint(fields=["case", "staff"], name="case_viewer_is_one_row")
        ]

    def __str__(self) -> str:
        return f"{self.staff} at case {self.case_id}"


class CaseDeadline(models.Model):
    """In how many hours a tenant wants cases of a kind decided; without a row the default holds
    (moderation.desk.deadlines)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.TextField(choices=Case.Kind.choices)
    hours = models.PositiveIntegerField()

    class Meta:
        db_table = "case_deadline"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind"], name="case_deadline_once_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.hours} h"


class CaseFilter(models.Model):
    """A view of the queue that a member of staff keeps under a name."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)  # as in the queue's address

    class Meta:
        db_table = "case_filter"
        ordering: ClassVar[list[str]] = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "staff", "name"], name="case_filter_once_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
