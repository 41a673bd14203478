"""Labels: a tenant's labeler, its signing keys, and what it says of accounts and records.

Source: atproto.com/specs/label; the lexicons com.atproto.label.*. All hosts of a tenant serve the
same labeler, so a stream of labels belongs to a tenant, and a labeler has its tenant's key.
"""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting.models import Host, Tenant


class Labeler(models.Model):
    """The labeler of a tenant: one of its accounts, whose DID signs what is said here."""

    class State(models.TextChoices):
        """How far it is set up, in the order of the steps (moderation.labels.setting_up)."""

        SERVING = "serving", _("Labels are served; the identity does not name them yet")
        PUBLISHED = "published", _("The identity names the labeler")
        DECLARED = "declared", _("The labeler is declared")
        LIVE = "live", _("Live")
        # Its end (moderation.labels.retiring)
        WITHDRAWN = "withdrawn", _("Its labels are being taken back")
        RETIRED = "retired", _("Retired")

    tenant = models.OneToOneField(
        Tenant, primary_key=True, on_delete=models.PROTECT, related_name="labeler"
    )
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")  # of the account
    account = models.ForeignKey(
        Account, null=True, db_index=False, on_delete=models.SET_NULL, related_name="+"
    )
    did = models.CharField(max_length=2048)
    # Opened by the tenant's staff for this: nobody else has to agree to a change of its identity.
    is_opened_here = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.SERVING)
    signing_did_key = models.CharField(max_length=100)  # labels are signed with it
    next_did_key = models.CharField(max_length=100, blank=True)  # on its way into the identity
    has_older_signatures = models.BooleanField(default=False, db_default=False)
    declaration = models.JSONField(default=dict)  # the record, as the editor has it
    hides = models.JSONField(default=list)  # values that also take a subject of ours down
    probe = models.JSONField(default=list)  # what was wrong when it was last looked at from outside
    probed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "labeler"
        constraints = [models.UniqueConstraint(fields=["did"], name="labeler_has_its_own_did")]

    def __str__(self) -> str:
        return self.did

    @property
    def is_at_work(self) -> bool:
        """Whether it labels: not when it is being retired, or was."""
        return self.state in AT_WORK

    @property
    def is_declared(self) -> bool:
        """Whether others may know of it."""
        return self.state in DECLARED


DECLARED: Final = frozenset({Labeler.State.DECLARED, Labeler.State.LIVE})
AT_WORK: Final = frozenset({Labeler.State.SERVING, Labeler.State.PUBLISHED}) | DECLARED


class LabelKey(models.Model):
    """A key that signs labels, named by its public half; kept when another takes its place."""

    did_key = models.CharField(max_length=100, primary_key=True)
    labeler = models.ForeignKey(Labeler, on_delete=models.PROTECT, related_name="keys")
    wrapped = models.BinaryField()  # server.encryption.keyring
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "label_key"


class LabelQuerySet(models.QuerySet["Label"]):
    """Labels, in the words that callers use."""

    def of(self, labeler: Labeler) -> "LabelQuerySet":
        return self.filter(labeler=labeler)

    def current(self) -> "LabelQuerySet":
        """The last word on each subject and value; a negation is one too."""
        return self.filter(is_current=True)


class Label(models.Model):
    """A signed label, or its negation, as it goes out: rows are only added.

    Without `seq` until the sequencer gives it one (moderation/sql/number_pending_labels.sql).
    """

    id = models.BigAutoField(primary_key=True)
    labeler = models.ForeignKey(
        Labeler, db_index=False, on_delete=models.PROTECT, related_name="labels"
    )
    key = models.ForeignKey(
        LabelKey, db_index=False, db_column="did_key", on_delete=models.PROTECT, related_name="+"
    )
    src = models.CharField(max_length=2048)  # the labeler's DID when it was said
    uri = models.TextField(_("subject"), db_collation="C")  # an at-URI or a DID
    cid = models.CharField(max_length=256, blank=True)
    val = models.CharField(_("label"), max_length=128, db_collation="C")
    is_negation = models.BooleanField(_("taken back"))
    is_current = models.BooleanField(default=True)  # nothing was said since of this value
    labelled_at = models.DateTimeField(_("when"))  # `cts`
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)  # `exp`
    body = models.BinaryField()  # DAG-CBOR, with `sig`
    seq = models.BigIntegerField(null=True)  # the labeler's, without gaps
    position = models.BigIntegerField(null=True)  # the platform's, without gaps

    objects = LabelQuerySet.as_manager()

    class Meta:
        db_table = "label"
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        constraints = [
            models.UniqueConstraint(
                fields=["labeler", "uri", "val"],
                name="label_has_one_last_word",
                condition=Q(is_current=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["labeler", "id"], name="label_in_order", condition=Q(is_current=True)
            ),
            models.Index(fields=["labeler", "seq"], name="label_by_seq"),
            models.Index(fields=["position"], name="label_by_position"),
            models.Index(fields=["id"], name="label_pending", condition=Q(seq__isnull=True)),
            models.Index(
                fields=["expires_at"],
                name="label_hiding_until",
                condition=Q(is_current=True, val__startswith="!", expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.val} on {self.uri}"


class LabelCounter(models.Model):
    """The newest `seq` of a labeler; the row of labeler 0 counts the platform's `position`."""

    labeler_id = models.BigIntegerField(primary_key=True)
    last_seq = models.BigIntegerField(default=0)
    dropped_seq = models.BigIntegerField(db_default=0, default=0)  # labels are kept: always 0

    class Meta:
        db_table = "label_counter"
