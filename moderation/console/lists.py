"""Read-only lists on the console: accounts and the audit log. Nobody edits rows by hand."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import Account
from hosting.console.site import ConsoleSite, hosts_in_view
from moderation.console import page_deeds
from moderation.console.bounded_lists import BoundedPaginator, Condition, matching
from moderation.models import AuditEntry, Report
from server.database.search_indexes import has_words

_HOSTS_OFFERED_MAX: Final = 100


class HostFilter(SimpleListFilter):
    """Rows of one host, where there are several in view: a tenant's, for platform staff all. Where
    there are many none is offered: each host's own console lists its rows."""

    title = _("host")
    parameter_name = "host"

    def lookups(self, request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        hosts = hosts_in_view(request).order_by("hostname").values_list("pk", "hostname")
        found = [(str(pk), hostname) for pk, hostname in hosts[: _HOSTS_OFFERED_MAX + 1]]
        return found if len(found) <= _HOSTS_OFFERED_MAX else []

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Only what is on offer is looked for: other values narrow nothing."""
        offered = {key for key, _hostname in self.lookup_choices}
        return queryset.filter(host=self.value()) if self.value() in offered else queryset


class StatusFilter(SimpleListFilter):
    """Accounts of one status; Django would look through all of them for which there are."""

    title = _("status")
    parameter_name = "status__exact"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(status.value, status.value) for status in Account.Status]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class ActionFilter(SimpleListFilter):
    """Entries of the audit log about one kind of action."""

    title = _("action")
    parameter_name = "action__exact"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(AuditEntry.Action.choices)

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class ReadOnly(ModelAdmin):
    """A list that staff of the tenant may read and nobody may change: the newest first, and what a
    search finds by an index (moderation.console.bounded_lists)."""

    list_per_page = 50
    paginator = BoundedPaginator
    ordering = ["-id"]
    sortable_by = ()
    show_full_result_count = False
    list_display_links = None
    actions = None

    def get_urls(self) -> list[URLPattern]:
        """The list alone. A row's own page would show every column, password hashes too."""
        return [url for url in super().get_urls() if (url.name or "").endswith("_changelist")]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Django's own puts `upper(...) LIKE '%...%'` on every column."""
        term = search_term.strip()
        return (matching(queryset, self.searched(request, term)) if term else queryset), False

    def searched(self, request: HttpRequest, term: str) -> list[Condition]:
        """What a search asks for: any of these."""
        raise NotImplementedError

    def lookup_allowed(
        self,
        lookup: str,
        value: Any,  # noqa: ARG002 - Django's signature
        request: HttpRequest,  # noqa: ARG002 - Django's signature
    ) -> bool:
        """Only what the filters on show ask for: Django takes any column, and
        `password__startswith` tells a hash letter by letter; and any operator, `__regex` too."""
        return lookup in {
            f"{shown}__exact" if isinstance(shown, str) else shown.parameter_name
            for shown in self.list_filter
        }

    def has_view_permission(
        self,
        request: HttpRequest,
        obj: Any = None,  # noqa: ARG002 - Django passes it by name
    ) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - by name
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django passes them by name
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django passes them by name
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        return False


def minute(at: datetime) -> SafeString:
    """A time as every page of the console has it."""
    shown = f"{at:%Y-%m-%d %H:%M} UTC"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), shown)


def account_link(did: str, label: str) -> SafeString:
    """A link to the account's page on the console."""
    return _link(reverse("console:account", args=[did]), label)


def look_up_link(name: str, label: str = "") -> SafeString:
    """A link for a DID or at-URI that may be anywhere: to the account's page, or to what the log
    knows of one that is gone, or to the word that there is none."""
    return _link(f"{reverse('console:look_up')}?{urlencode({'q': name})}", label or name)


def _link(url: str, label: str) -> SafeString:
    return format_html('<a class="console-link" href="{}">{}</a>', url, label)


class AccountList(ReadOnly):
    """All accounts in view, newest first."""

    list_display = ["name", "identifier", "state", "hostname", "signed_up_at"]
    list_filter = [StatusFilter, HostFilter]
    search_fields = ["handle", "did", "email"]
    search_help_text = _("DID, or how a handle or an e-mail address begins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return hosts_in_view(request).narrow(Account.objects.all()).select_related("host")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Django's own, with the ways to invite people and to download the list."""
        context = {**(extra_context or {}), "opened": page_deeds.opened_to(request)}
        page: TemplateResponse = super().changelist_view(request, context)
        return page

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        if term.startswith("did:"):
            return [Q(did=term)]
        name = term.lower().removeprefix("@")
        return [Q(handle__startswith=name), Q(email__startswith=name)]

    @display(description=_("account"))
    def name(self, account: Account) -> SafeString:
        return account_link(account.did, account.handle or account.did)

    @display(description=_("DID"))
    def identifier(self, account: Account) -> str:
        return account.did

    @display(description=_("host"))
    def hostname(self, account: Account) -> str:
        return account.host.hostname

    @display(description=_("signed up"))
    def signed_up_at(self, account: Account) -> SafeString:
        return minute(account.created_at)

    @display(
        description=_("status"),
        label={
            "active": "success",
            "pending": "info",
            "deactivated": "warning",
            "suspended": "warning",
            "takendown": "danger",
        },
    )
    def state(self, account: Account) -> str:
        return account.status


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
        did, path = _subject_of(term)
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


class ReportList(ReadOnly):
    """What people reported to the host's own staff, newest first."""

    list_display = ["opened", "kind", "subject", "reporter", "reason"]
    search_fields = ["subject_did", "subject_uri", "reported_by", "reason"]
    search_help_text = _("DID, record or words of the report")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return hosts_in_view(request).narrow(Report.objects.all())

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        did, path = _subject_of(term)
        if path:
            return [Q(subject_did=did, subject_uri__startswith=term)]
        return [Q(subject_did=did), Q(reported_by=did)] if did else [has_words("reason", term)]

    @display(description=_("report"))
    def opened(self, report: Report) -> SafeString:
        """The way to the report's own page, with the evidence."""
        page = reverse("console:report", args=[report.pk])
        at = minute(report.created_at)
        return format_html('<a class="console-link" href="{}">{}</a>', page, at)

    @display(description=_("kind"))
    def kind(self, report: Report) -> str:
        return report.reason_type.partition("#")[2] or report.reason_type

    @display(description=_("about"))
    def subject(self, report: Report) -> SafeString:
        """The account, which may live anywhere, and the record where it was about one."""
        return look_up_link(report.subject_uri or report.subject_did)

    @display(description=_("reported by"))
    def reporter(self, report: Report) -> SafeString | str:
        """Whoever has an account, here or elsewhere, with a link; else the address that was left,
        if any."""
        by = report.reported_by
        return look_up_link(by) if by.startswith("did:") else by


def _subject_of(term: str) -> tuple[str, str]:
    """The DID and the path of a record that a DID or an at-URI names; empty for other words."""
    if term.startswith("did:"):
        return term, ""
    did, _slash, path = term.removeprefix("at://").partition("/")
    return (did, path) if term.startswith("at://did:") else ("", "")


def register(site: ConsoleSite) -> None:
    """Hang the lists on the console."""
    site.register(Account, AccountList)
    site.register(AuditEntry, AuditLog)
    site.register(Report, ReportList)
