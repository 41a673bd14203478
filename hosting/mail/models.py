"""Outgoing e-mail, its counts, and how each host's looks."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet
from server.jobs.leased_job import LeasedJob, LeasedJobQuerySet, due_index, open_or_decided
from server.jobs.life_cycle import OPEN


class OutgoingMailQuerySet(LeasedJobQuerySet["OutgoingMail"]):
    """Mail, in the words that callers use."""

    def of(self, hosts: HostQuerySet) -> "OutgoingMailQuerySet":
        return self.filter(host__in=hosts)


class OutgoingMail(LeasedJob):
    """One e-mail to one person. Its words are here only until they are sent, or worth nothing."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Queued")
        RUNNING = "running", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        CAPTURED = "captured", _("Captured")  # a sandbox without a mail server: see /dev/mail

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="outgoing_mail")
    message_id = models.CharField(max_length=300, unique=True)  # RFC 5322, without the brackets
    kind = models.CharField(_("kind"), max_length=40)  # hosting.mail.emails
    recipient = models.CharField(_("recipient"), max_length=320)
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    state = models.TextField(_("status"), choices=State.choices, default=State.WAITING)
    expires_at = models.DateTimeField()  # from then on nobody has a use for the e-mail

    objects: ClassVar[OutgoingMailQuerySet] = OutgoingMailQuerySet.as_manager()  # type: ignore

    class Meta:
        db_table = "outgoing_mail"
        verbose_name = _("e-mail")
        verbose_name_plural = _("mail")
        constraints = [
            open_or_decided("outgoing_mail"),
            models.CheckConstraint(
                name="outgoing_mail_keeps_no_words_once_decided",
                condition=Q(state__in=[*OPEN, "captured"]) | Q(text="", html=""),
            ),
        ]
        indexes = [
            due_index("outgoing_mail"),
            models.Index(
                fields=["expires_at"],
                name="outgoing_mail_captured",
                condition=Q(state="captured") & ~Q(text=""),
            ),
            models.Index(fields=["host", "recipient"], name="outgoing_mail_by_recipient"),
            models.Index(fields=["host", "id"], name="outgoing_mail_by_host"),
            models.Index(
                fields=["state", "id"], name="outgoing_mail_not_sent", condition=~Q(state="sent")
            ),
            models.Index(fields=["created_at"], name="outgoing_mail_by_age"),
        ]


class HeldMailbox(models.Model):
    """A recipient under a legal hold: what was mailed there is not forgotten."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    recipient = models.CharField(max_length=320)

    class Meta:
        db_table = "held_mailbox"
        constraints = [
            models.UniqueConstraint(fields=["host", "recipient"], name="held_mailbox_is_one_row")
        ]


class MailCount(models.Model):
    """How many e-mails of a kind somebody got in a window of time: hosting.mail.budgets."""

    host = models.ForeignKey(  # the constraint begins with it
        Host, on_delete=models.CASCADE, related_name="mail_counts", db_index=False
    )
    who = models.CharField(max_length=64)  # hex: the hash of an address, or of a DID
    name = models.CharField(max_length=40)
    window_s = models.IntegerField()
    count = models.IntegerField()
    resets_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "mail_count"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "who", "name", "window_s"], name="mail_count_is_one_a_window"
            )
        ]


class Sender(models.Model):
    """How a host's e-mails look; without a row it writes in English, from `noreply@` its name."""

    host = models.OneToOneField(Host, on_delete=models.CASCADE, related_name="sender")
    address = models.EmailField(blank=True, help_text=_("Empty: the provider's own address."))
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    has_sign_in_alerts = models.BooleanField(
        default=True, help_text=_("Tell people when somebody signs in from a new place.")
    )

    class Meta:
        db_table = "mail_sender"
