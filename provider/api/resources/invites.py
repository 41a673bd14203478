"""Invite codes of a host: list, make, disable; invitations by mail to a list of people."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.invites.codes import CODES_MAX
from accounts.models import InviteCode
from moderation.staff import account_changes
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.resources.jobs import JobShown, accepted
from provider.api.tokens import Scope
from provider.tenancy.invites import people_invites


class InviteShown(serializers.Serializer[InviteCode]):
    """An invite code."""

    code = serializers.CharField()
    for_account = serializers.CharField()
    available = serializers.IntegerField()
    used = serializers.IntegerField()
    is_disabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class NewInvites(serializers.Serializer[InviteCode]):
    """How many codes, each good for so many sign-ups."""

    count = serializers.IntegerField(min_value=1, max_value=1_000, default=1)
    uses = serializers.IntegerField(min_value=1, max_value=10_000, default=1)


class Codes(serializers.Serializer[InviteCode]):
    """Codes."""

    codes = serializers.ListField(
        child=serializers.CharField(max_length=300), min_length=1, max_length=CODES_MAX
    )


class PeopleList(serializers.Serializer[InviteCode]):
    """E-mail addresses: one a line, or CSV with a column `email`. `dry_run`: say who would be
    written to, and write to nobody."""

    listed = serializers.CharField(max_length=90_000, trim_whitespace=False)
    dry_run = serializers.BooleanField(required=False, default=False)


class NoAddress(serializers.Serializer[InviteCode]):
    """A line of the list that holds no address."""

    line = serializers.IntegerField()
    text = serializers.CharField()


class PeopleShown(serializers.Serializer[InviteCode]):
    """Who would be written to, who is known already, and what is no address (the first twenty)."""

    to_invite = serializers.ListField(child=serializers.CharField())
    known = serializers.ListField(child=serializers.CharField())
    faults = NoAddress(many=True)
    fault_count = serializers.IntegerField()


class InviteViewSet(ApiViewSet):
    """Invite codes of a host."""

    scopes = {
        "list": Scope.INVITES_READ,
        "create": Scope.INVITES_WRITE,
        "disable": Scope.INVITES_WRITE,
        "mail": Scope.INVITES_WRITE,
    }

    @extend_schema(parameters=paged(), responses=page_of(InviteShown))
    def list(self, _request: Request, hostname: str) -> Response:
        """The host's codes, the newest first."""
        return self.page(InviteCode.objects.of(self.host(hostname)), shown)

    @extend_schema(request=NewInvites, responses={201: Codes})
    def create(self, _request: Request, hostname: str) -> Response:
        """Make codes."""
        asked = self.read(NewInvites)
        host = self.host(hostname)
        given = account_changes.give_invites(self.actor, host, [], asked["count"], asked["uses"])
        codes = [code for codes in given.values() for code in codes]
        return Response({"codes": codes}, status.HTTP_201_CREATED)

    @extend_schema(request=Codes, responses={204: None})
    @action(detail=False, methods=["post"], url_path="disable")
    def disable(self, _request: Request, hostname: str) -> Response:
        """Make codes worthless; those of other hosts are left alone."""
        codes = self.read(Codes)["codes"]
        account_changes.disable_invites(self.actor, self.host(hostname), codes, [])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=PeopleList, responses={200: PeopleShown, 202: JobShown})
    @action(detail=False, methods=["post"], url_path="mail")
    def mail(self, _request: Request, hostname: str) -> Response:
        """Write to everybody on a list who is not known; a job does it."""
        host, asked = self.host(hostname), self.read(PeopleList)
        if not asked["dry_run"]:
            return accepted(people_invites.begin(self.actor, host, asked["listed"]))
        found = people_invites.preview(host, asked["listed"])
        return Response(people_invites.shown(found))


def shown(code: InviteCode) -> dict[str, Any]:
    """A code as the API shows it."""
    return {
        "code": code.code,
        "for_account": code.for_account,
        "available": code.available_count,
        "used": code.used_count,
        "is_disabled": code.is_disabled,
        "created_at": code.created_at,
    }
