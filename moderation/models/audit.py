"""The audit log: who did what to whom, when and why. Rows are only ever added; a trigger in the
database refuses changes and deletions (moderation/sql).

Who acted is a member of staff, or, through com.atproto.admin.*, `admin` (the host's password) or
the DID of the host's moderation service.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet
from server.database.search_indexes import index_of_words


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Audit entries, in the words that callers use."""

    def of(self, hosts: HostQuerySet) -> "AuditQuerySet":
        return self.filter(host__in=hosts)

    def about(self, did: str) -> "AuditQuerySet":
        return self.filter(subject_did=did)


class AuditEntry(models.Model):
    """One action of one member of staff. The subject is kept as text: it outlives the account."""

    class Action(models.TextChoices):
        """`<noun>.<verb>`: the log must be readable in ten years."""

        ACCOUNT_CREATE = "account.create", _("Account made")
        ACCOUNT_TAKE_DOWN = "account.take_down", _("Account taken down")
        ACCOUNT_RESTORE = "account.restore", _("Account restored")
        ACCOUNT_DEACTIVATE = "account.deactivate", _("Account deactivated")
        ACCOUNT_ACTIVATE = "account.activate", _("Account activated")
        ACCOUNT_DELETE = "account.delete", _("Account deleted")
        ACCOUNT_CHANGE_EMAIL = "account.change_email", _("E-mail address changed")
        ACCOUNT_CHANGE_HANDLE = "account.change_handle", _("Handle changed")
        ACCOUNT_CHANGE_PASSWORD = "account.change_password", _("Password changed")
        ACCOUNT_RESET_FACTORS = "account.reset_factors", _("Second factors reset")
        ACCOUNT_CHANGE_KEY = "account.change_key", _("Signing key changed")
        ACCOUNT_RESUME_MOVE = "account.resume_move", _("Move pushed on")
        ACCOUNT_CHANGE_LIMITS = "account.change_limits", _("Limits changed")
        ACCOUNT_EXPORT = "account.export", _("Archive made or fetched")
        ACCOUNT_MOVE = "account.move", _("Moved to another host")
        ACCOUNT_WRITE_TO = "account.write_to", _("Mail sent")
        ACCOUNT_SUSPEND = "account.suspend", _("Account suspended")
        ACCOUNT_LIFT_SUSPENSION = "account.lift_suspension", _("Suspension lifted")
        ACCOUNT_WARN = "account.warn", _("Account warned")
        ACCOUNT_REMOVE_HANDLE = "account.remove_handle", _("Handle removed")
        ACCOUNT_BLOCK_UPLOADS = "account.block_uploads", _("Uploads blocked")
        ACCOUNT_ALLOW_UPLOADS = "account.allow_uploads", _("Uploads allowed")
        ACCOUNT_END_PASSWORD = "account.end_password", _("Password reset forced")
        ACCOUNT_STRIKE = "account.strike", _("Strike given")
        ACCOUNT_TAKE_BACK_STRIKES = "account.take_back_strikes", _("Strikes taken back")
        RECORD_TAKE_DOWN = "record.take_down", _("Record taken down")
        RECORD_RESTORE = "record.restore", _("Record restored")
        ACCOUNTS_EXPORT = "accounts.export", _("List of accounts exported")
        INVITES_CREATE = "invites.create", _("Invite codes created")
        INVITES_DISABLE = "invites.disable", _("Invite codes disabled")
        INVITES_FORBID = "invites.forbid", _("Inviting forbidden")
        INVITES_ALLOW = "invites.allow", _("Inviting allowed")
        SIGN_UP_APPROVE = "sign_up.approve", _("Sign-up approved")
        SIGN_UP_REFUSE = "sign_up.refuse", _("Sign-up refused")
        SIGN_UP_REOPEN = "sign_up.reopen", _("Sign-up reopened")
        SIGN_UP_BLOCK = "sign_up.block", _("Sign-ups of a network blocked")
        SIGN_UP_UNBLOCK = "sign_up.unblock", _("Sign-ups of a network allowed")
        POLICY_CHANGE = "policy.change", _("Policy changed")
        POLICY_RETIRE = "policy.retire", _("Policy retired")
        NOTICE_CHANGE_TEXT = "notice.change_text", _("Text of a notice changed")
        APPEAL_UPHOLD = "appeal.uphold", _("Appeal refused")
        APPEAL_GRANT = "appeal.grant", _("Appeal granted")
        HOLD_PLACE = "hold.place", _("Legal hold placed")
        HOLD_ASK_RELEASE = "hold.ask_release", _("Release of a legal hold asked for")
        HOLD_RELEASE = "hold.release", _("Legal hold released")
        EVIDENCE_EXPORT = "evidence.export", _("Evidence exported")
        BLOB_DENY_MANY = "blob.deny_many", _("Files denied by a list")
        ABUSE_NOTICE_ACKNOWLEDGE = "abuse_notice.acknowledge", _("Abuse notice acknowledged")
        ABUSE_AUTHORITY_CHANGE = "abuse_authority.change", _("Authority for abuse notices changed")
        ACCOUNT_FREEZE = "account.freeze", _("Account frozen")
        ACCOUNT_THAW = "account.thaw", _("Account thawed")
        HOST_CHANGE_OPENID = "host.change_openid", _("Sign-in by OpenID Connect changed")
        HOST_CHANGE_ADMISSION = "host.change_admission", _("Admission changed")
        HOST_CHANGE_SETTINGS = "host.change_settings", _("Settings changed")
        HOST_ADD_DOMAIN = "host.add_domain", _("Handle domain added")
        HOST_REMOVE_DOMAIN = "host.remove_domain", _("Handle domain removed")
        STAFF_SIGN_IN = "staff.sign_in", _("Staff signed in")
        STAFF_SIGN_IN_REFUSED = "staff.sign_in_refused", _("Staff sign-in refused")
        STAFF_SIGN_OUT = "staff.sign_out", _("Staff signed out")
        STAFF_CHANGE_PASSWORD = "staff.change_password", _("Own password changed")
        STAFF_CHANGE_FACTORS = "staff.change_factors", _("Own second factors changed")
        STAFF_RESET_FACTORS = "staff.reset_factors", _("Second factors of staff reset")
        STAFF_INVITE = "staff.invite", _("Staff invited")
        STAFF_WITHDRAW_INVITE = "staff.withdraw_invite", _("Invitation of staff withdrawn")
        STAFF_JOIN = "staff.join", _("Staff joined")
        STAFF_CHANGE_ROLE = "staff.change_role", _("Role of staff changed")
        STAFF_REMOVE = "staff.remove", _("Staff removed")
        STAFF_END_SESSIONS = "staff.end_sessions", _("Sessions of staff ended")
        PLATFORM_OPEN_ACCESS = "platform.open_access", _("Platform staff took access")
        PLATFORM_END_ACCESS = "platform.end_access", _("Access of platform staff ended")
        RELAY_CHANGE_LIMIT = "relay.change_limit", _("Account limit at the relay changed")
        RELAY_BAN = "relay.ban", _("Domain banned at the relay")
        RELAY_LIFT_BAN = "relay.lift_ban", _("Domain allowed at the relay")
        RELAY_CRAWL = "relay.crawl", _("Host read again by the relay")
        AUDIT_EXPORT = "audit.export", _("Audit log exported")
        CASES_EXPORT = "cases.export", _("Cases exported")
        APP_REVOKE = "app.revoke", _("App's access revoked")
        APP_TRUST = "app.trust", _("App trusted")
        APP_BLOCK = "app.block", _("App blocked")
        APP_RESET = "app.reset", _("App neither trusted nor blocked")
        BLOB_TAKE_DOWN = "blob.take_down", _("File taken down")
        BLOB_RESTORE = "blob.restore", _("File restored")
        BLOB_DENY = "blob.deny", _("File denied")
        BLOB_ALLOW = "blob.allow", _("File allowed")
        LABEL_PUT = "label.put", _("Label put")
        LABEL_NEGATE = "label.negate", _("Label taken back")
        LABELER_OPEN = "labeler.open", _("Labeler set up")
        LABELER_PUBLISH = "labeler.publish", _("Labeler named in its identity")
        LABELER_CHANGE = "labeler.change", _("Labeler's declaration changed")
        LABELER_DECLARE = "labeler.declare", _("Labeler declared")
        LABELER_SET_HIDING = "labeler.set_hiding", _("Effect of labels changed")
        LABELER_RETIRE = "labeler.retire", _("Labeler retired")
        LABELER_ROTATE_KEY = "labeler.rotate_key", _("Labeler's key changed")
        EVIDENCE_DOWNLOAD = "evidence.download", _("Evidence downloaded")
        EVIDENCE_DISCARD = "evidence.discard", _("Evidence discarded")
        CASE_CLOSE = "case.close", _("Case closed")
        CASE_REOPEN = "case.reopen", _("Case reopened")

    class Stage(models.TextChoices):
        """Of an action that no transaction holds, because it waits for the network: two entries. An
        action that was begun and has no second entry was cut off, and how far it came is not known.
        """

        WHOLE = "", _("done")
        BEGUN = "begun", _("begun")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="audit_entries",
    )
    actor = models.CharField(_("actor"), max_length=2048, blank=True)  # where it was not staff
    action = models.CharField(max_length=40)  # an Action; new ones need no migration
    stage = models.CharField(max_length=8, choices=Stage.choices, blank=True)
    subject_did = models.CharField(_("DID"), max_length=2048, blank=True)  # none: the host's affair
    subject_handle = models.CharField(_("handle"), max_length=253, blank=True)
    subject_cid = models.CharField(_("CID"), max_length=100, blank=True)  # of a blob or a version
    subject_record = models.CharField(_("record"), max_length=1024, blank=True)  # collection/rkey
    ref = models.CharField(max_length=300, blank=True)  # the moderation service's own mark
    reason = models.TextField()
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        db_table = "audit_entry"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_did"], name="audit_entry_subject"),
            models.Index(  # what one of the staff did lately (moderation.action_limits)
                fields=["staff", "action", "created_at"],
                name="audit_entry_by_staff",
                condition=models.Q(staff__isnull=False),
            ),
            models.Index(fields=["host", "id"], name="audit_entry_by_host"),
            models.Index(fields=["action", "id"], name="audit_entry_by_action"),
            models.Index(fields=["subject_handle"], name="audit_entry_by_handle"),
            models.Index(
                fields=["subject_cid"],
                name="audit_entry_by_cid",
                condition=~models.Q(subject_cid=""),
            ),
            models.Index(
                fields=["subject_record"],
                name="audit_entry_by_record",
                condition=~models.Q(subject_record=""),
            ),
            index_of_words("reason", "audit_entry_words"),
        ]
        constraints = [
            models.CheckConstraint(name="audit_entry_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="audit_entry_has_one_actor",
                condition=models.Q(staff__isnull=False, actor="")
                | (models.Q(staff__isnull=True) & ~models.Q(actor="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action_label}: {self.subject_handle or self.subject_did}"

    @property
    def action_label(self) -> str:
        """What was done, as the console shows it; in the log's own word when no version here knows
        it any more."""
        known = self.action in AuditEntry.Action.values
        return str(AuditEntry.Action(self.action).label) if known else self.action

    @property
    def who(self) -> str:
        """The one who acted, as the console shows it."""
        return str(self.staff) if self.staff else self.actor
