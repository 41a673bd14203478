"""Relays: how a host stands with each, asking them again, announcing every account again."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from provider.api.base import ApiViewSet, page_of
from provider.api.resources.jobs import JobShown, accepted
from provider.api.tokens import Scope
from provider.models import RelayStanding
from provider.relay_standing import announcing, checks, warnings
from provider.relay_standing.warnings import Warned


class RelayShown(serializers.Serializer[RelayStanding]):
    """What one relay last said of the host."""

    relay = serializers.CharField()
    status = serializers.CharField(allow_blank=True)
    seq = serializers.IntegerField(allow_null=True)
    own_seq = serializers.IntegerField()
    account_count = serializers.IntegerField(allow_null=True)
    allowance = serializers.IntegerField()
    sampled = serializers.IntegerField()
    throttled = serializers.IntegerField()
    events_last_hour = serializers.IntegerField()
    events_last_day = serializers.IntegerField()
    warnings = serializers.ListField(child=serializers.ChoiceField(choices=[*Warned]))
    error = serializers.CharField(allow_blank=True)
    request_text = serializers.CharField()
    checked_at = serializers.DateTimeField()


class Asked(serializers.Serializer[Any]):
    """What one relay said when it was asked to read the host; empty: yes."""

    relay = serializers.CharField()
    error = serializers.CharField(allow_blank=True)


class RelayViewSet(ApiViewSet):
    """The relays that a host asks to be read by."""

    scopes = {"list": Scope.HOSTS_READ, "ask": Scope.HOSTS_WRITE, "announce": Scope.HOSTS_WRITE}
    platform_only = frozenset({"ask", "announce"})

    @extend_schema(responses=page_of(RelayShown))
    def list(self, _request: Request, hostname: str) -> Response:
        """How it stands with each relay, with a letter that asks for higher limits."""
        found = checks.of_host(self.host(hostname))
        return Response({"items": [shown(standing) for standing in found]})

    @extend_schema(request=None, responses=page_of(Asked))
    @action(detail=False, methods=["post"], url_path="ask")
    def ask(self, _request: Request, hostname: str) -> Response:
        """Ask every relay to read it now; some seconds each."""
        said = announcing.ask_again(self.host(hostname))
        items = [{"relay": relay, "error": fault} for relay, fault in said.items()]
        return Response({"items": items})

    @extend_schema(request=None, responses={202: JobShown})
    @action(detail=False, methods=["post"], url_path="announce")
    def announce(self, _request: Request, hostname: str) -> Response:
        """Tell the firehose again of every account, at the pace that relays take."""
        return accepted(announcing.begin(self.host(hostname), self.actor))


def shown(standing: RelayStanding) -> dict[str, Any]:
    """What a relay said, as the API shows it."""
    return {
        "relay": standing.relay,
        "status": standing.status,
        "seq": standing.seq,
        "own_seq": standing.own_seq,
        "account_count": standing.account_count,
        "allowance": settings.RELAY_ALLOWANCE,
        "sampled": standing.sampled_count,
        "throttled": standing.throttled_count,
        "events_last_hour": standing.hour_count,
        "events_last_day": standing.day_count,
        "warnings": standing.warnings,
        "error": standing.error,
        "request_text": warnings.request_text(standing),
        "checked_at": standing.checked_at,
    }
