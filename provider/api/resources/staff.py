"""The staff of a tenant: who has which role, who is invited; invite, change, remove."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hosting.models import Host, Member, StaffInvite
from moderation.audit import REASON_MAX_CHARS
from moderation.staff import members, staff_factor_resets, staff_invites
from protocol.errors import InvalidRequest
from provider.api.base import ApiViewSet, page_of, paged
from provider.api.errors import NotFound
from provider.api.tokens import Scope

_ROLES = [*map(str, Member.Role)]


class MemberShown(serializers.Serializer[Member]):
    """A member of staff."""

    name = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=_ROLES)


class NewInvite(serializers.Serializer[StaffInvite]):
    """Whom to invite to which role."""

    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=_ROLES)


class InvitedShown(NewInvite):
    """Who is invited; the answer that made it has the link, which is mailed, too."""

    id = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    link = serializers.CharField(required=False)


class NewRole(serializers.Serializer[Member]):
    """Another role, and why."""

    role = serializers.ChoiceField(choices=_ROLES)
    reason = serializers.CharField(max_length=REASON_MAX_CHARS)


class WhyReset(serializers.Serializer[Any]):
    """Why, for the audit log."""

    reason = serializers.CharField(max_length=REASON_MAX_CHARS)


class StaffViewSet(ApiViewSet):
    """The staff of a tenant."""

    lookup_field = "name"
    lookup_value_regex = "[A-Za-z0-9._@+-]{1,150}"
    scopes = {
        "list": Scope.STAFF_READ,
        "partial_update": Scope.STAFF_WRITE,
        "destroy": Scope.STAFF_WRITE,
        "reset_factor": Scope.STAFF_WRITE,
    }

    @extend_schema(parameters=paged(), responses=page_of(MemberShown))
    def list(self, _request: Request, slug: str) -> Response:
        """Who has a role, the newest first."""
        found = Member.objects.filter(tenant=self.tenant(slug)).select_related("user")
        return self.page(found, member_shown)

    @extend_schema(request=NewRole, responses=MemberShown)
    def partial_update(self, _request: Request, slug: str, name: str) -> Response:
        """Another role; it holds from their next request on. The last owner stays one."""
        asked, member = self.read(NewRole), self._member(slug, name)
        host = _host(member.tenant_id)
        members.change_role(self.actor, host, member, asked["role"], asked["reason"])
        return Response(member_shown(self._member(slug, name)))

    @extend_schema(
        parameters=[OpenApiParameter("reason", str, required=True)], responses={204: None}
    )
    def destroy(self, request: Request, slug: str, name: str) -> Response:
        """Take somebody off the staff."""
        member, reason = self._member(slug, name), request.query_params.get("reason", "")
        members.remove(self.actor, _host(member.tenant_id), member, reason)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=WhyReset, responses={204: None})
    @action(detail=True, methods=["post"], url_path="reset-factor")
    def reset_factor(self, _request: Request, slug: str, name: str) -> Response:
        """Remove every second factor of theirs; the password stays."""
        member, reason = self._member(slug, name), self.read(WhyReset)["reason"]
        staff_factor_resets.reset(
            self.actor,
            member.user,
            _host(member.tenant_id),
            reason,
            is_tenants=self.token.tenant_id is not None,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _member(self, slug: str, name: str) -> Member:
        found = Member.objects.filter(tenant=self.tenant(slug), user__username=name)
        member = found.select_related("user").first()
        if member is None:
            raise NotFound
        return member


class StaffInviteViewSet(ApiViewSet):
    """Invitations to the staff of a tenant."""

    lookup_field = "invite_id"
    lookup_value_regex = "[0-9]{1,18}"
    scopes = {"list": Scope.STAFF_READ, "create": Scope.STAFF_WRITE, "destroy": Scope.STAFF_WRITE}

    @extend_schema(parameters=paged(), responses=page_of(InvitedShown))
    def list(self, _request: Request, slug: str) -> Response:
        """Who is invited, the newest first."""
        return self.page(StaffInvite.objects.filter(tenant=self.tenant(slug)), invited_shown)

    @extend_schema(request=NewInvite, responses={201: InvitedShown})
    def create(self, _request: Request, slug: str) -> Response:
        """Mail somebody a link, good once and for a week."""
        asked, tenant = self.read(NewInvite), self.tenant(slug)
        link = staff_invites.invite(self.actor, _host(tenant.pk), asked["email"], asked["role"])
        made = StaffInvite.objects.get(tenant=tenant, email=asked["email"].strip().lower())
        return Response({**invited_shown(made), "link": link}, status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, _request: Request, slug: str, invite_id: str) -> Response:
        """Make a link worthless."""
        tenant = self.tenant(slug)
        pending = StaffInvite.objects.filter(tenant=tenant, pk=int(invite_id)).first()
        if pending is None:
            raise NotFound
        staff_invites.withdraw(self.actor, _host(tenant.pk), pending)
        return Response(status=status.HTTP_204_NO_CONTENT)


def member_shown(member: Member) -> dict[str, Any]:
    """A member of staff as the API shows one."""
    return {"name": member.user.username, "email": member.user.email, "role": member.role}


def invited_shown(invite: StaffInvite) -> dict[str, Any]:
    """An invitation as the API shows it."""
    return {
        "id": invite.pk,
        "email": invite.email,
        "role": invite.role,
        "expires_at": invite.expires_at,
    }


def _host(tenant_id: int) -> Host:
    """The tenant's first host, whose log and mail it is."""
    if (found := Host.objects.first_of(tenant_id)) is None:
        raise InvalidRequest("The tenant has no host yet.")
    return found
