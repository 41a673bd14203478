"""The list of what people reported to the host's own staff."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from hosting.console.site import ConsoleSite, hosts_in_view
from moderation.console.lists.audit_log import subject_of
from moderation.console.lists.bounded import Condition
from moderation.console.lists.read_only import (
    ReadOnly,
    look_up_link,
    minute,
)
from moderation.models import Report
from server.database.search_indexes import has_words


class ReportList(ReadOnly):
    """What people reported to the host's own staff, newest first."""

    list_display = ["opened", "kind", "subject", "reporter", "reason"]
    search_fields = ["subject_did", "subject_uri", "reported_by", "reason"]
    search_help_text = _("DID, record or words of the report")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return hosts_in_view(request).narrow(Report.objects.all())

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        did, path = subject_of(term)
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


def register(site: ConsoleSite) -> None:
    """Hang the list on the console."""
    site.register(Report, ReportList)
