"""The audit log as a list."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from hosting.console.site import ConsoleSite, hosts_in_view
from moderation.console import page_deeds
from moderation.console.lists.bounded import Condition
from moderation.console.lists.read_only import (
    HostFilter,
    ReadOnly,
    look_up_link,
    minute,
)
from moderation.models import AuditEntry
from server.database.search_indexes import has_words


class ActionFilter(SimpleListFilter):
    """Entries of the audit log about one kind of action."""

    title = _("action")
    parameter_name = "action__exact"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(AuditEntry.Action.choices)

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class AuditLog(ReadOnly):
    """What staff did, newest first."""

    list_display = ["logged_at", "who", "action_name", "subject", "why"]
    list_filter = [ActionFilter, HostFilter]
    search_fields = ["subject_did", "subject_handle", "subject_record", "subject_cid", "reason"]
    search_help_text = _("DID, handle, record, CID or words of the reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return (
            hosts_in_view(request).narrow(AuditEntry.objects.all()).select_related("staff", "host")
        )

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        did, path = subject_of(term)
        if did:
            return [Q(subject_did=did) & (Q(subject_record=path) if path else Q())]
        return [
            Q(subject_handle=term.lower().removeprefix("@")),
            Q(subject_record=term) & ~Q(subject_record=""),
            Q(subject_cid=term) & ~Q(subject_cid=""),
            has_words("reason", term),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Django's own, with a way to download the log for those who may."""
        may_export = "export_audit" in page_deeds.opened_to(request)
        context = {**(extra_context or {}), "may_export": may_export}
        page: TemplateResponse = super().changelist_view(request, context)
        return page

    @display(description=_("when"))
    def logged_at(self, entry: AuditEntry) -> SafeString:
        return minute(entry.created_at)

    @display(description=_("action"))
    def action_name(self, entry: AuditEntry) -> str:
        name = entry.action_label
        return f"{name} ({entry.get_stage_display()})" if entry.stage else name

    @display(description=_("reason"))
    def why(self, entry: AuditEntry) -> str:
        return entry.reason

    @display(description=_("staff"))
    def who(self, entry: AuditEntry) -> str:
        return entry.who

    @display(description=_("subject"))
    def subject(self, entry: AuditEntry) -> SafeString:
        """The account, and the record or the blob's CID where it was about one."""
        part = entry.subject_record or entry.subject_cid
        if not entry.subject_did:
            return format_html("{}", entry.subject_handle)
        link = look_up_link(entry.subject_did, entry.subject_handle or entry.subject_did)
        return format_html("<span>{} {}</span>", link, part) if part else link


def subject_of(term: str) -> tuple[str, str]:
    """The DID and the path of a record that a DID or an at-URI names; empty for other words."""
    if term.startswith("did:"):
        return term, ""
    did, _slash, path = term.removeprefix("at://").partition("/")
    return (did, path) if term.startswith("at://did:") else ("", "")


def register(site: ConsoleSite) -> None:
    """Hang the list on the console."""
    site.register(AuditEntry, AuditLog)
