"""The console's list of outgoing mail: to whom and whether it got there, never the words."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from hosting.console.site import ConsoleSite, hosts_in_view
from hosting.mail.models import OutgoingMail
from moderation.console.lists.bounded import Condition
from moderation.console.lists.read_only import HostFilter, ReadOnly, minute


class MailList(ReadOnly):
    """All e-mails in view, newest first. The words stay out of it: they may hold a code."""

    list_display = ["written_at", "recipient", "subject", "status", "attempts", "last_error"]
    list_filter = ["state", HostFilter]
    search_fields = ["recipient"]
    search_help_text = _("How an e-mail address begins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        return hosts_in_view(request).narrow(OutgoingMail.objects.all()).defer("text", "html")

    def searched(self, _request: HttpRequest, term: str) -> list[Condition]:
        return [Q(recipient__startswith=term.lower())]

    @display(description=_("when"))
    def written_at(self, mail: OutgoingMail) -> SafeString:
        return minute(mail.created_at)

    @display(
        description=_("status"),
        label={
            "waiting": "info",
            "running": "info",
            "sent": "success",
            "captured": "success",
            "failed": "danger",
        },
    )
    def status(self, mail: OutgoingMail) -> tuple[str, str]:
        return mail.state, mail.get_state_display()


def register(site: ConsoleSite) -> None:
    """Hang the list on the console."""
    site.register(OutgoingMail, MailList)
