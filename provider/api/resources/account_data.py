"""What an account uses and may use, its archive, and its move to another host."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account, account_lookups
from hosting.plans.limits import OF_ACCOUNT, VALUE_MAX
from hosting.plans.quotas import Quota, Source
from moderation import audit
from moderation.models import AuditEntry
from provider.api.base import ApiViewSet
from provider.api.errors import NotFound
from provider.api.resources.accounts import Reason
from provider.api.resources.jobs import JobShown, accepted
from provider.api.tokens import Scope
from provider.errors import InvalidField
from provider.jobs import account_exports, account_moves
from provider.tenancy import plans
from repos.account_transfer import quota_use
from repos.account_transfer.archives import requests
from server.web.bodies import ranges
from server.web.bodies.ranges import Stored


class AccountQuota(serializers.Serializer[Quota]):
    """A limit as it holds for the account, who says so, and what it uses."""

    limit = serializers.ChoiceField([*OF_ACCOUNT])
    value = serializers.IntegerField(allow_null=True)
    source = serializers.ChoiceField([*Source])  # type: ignore[assignment] # its own is an address
    used = serializers.IntegerField()


class AccountLimitsShown(serializers.Serializer[Account]):
    """An account's own limits, and all limits as they hold."""

    limits = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    quotas = AccountQuota(many=True)


class AccountLimitsGiven(serializers.Serializer[Account]):
    """Limits of an account's own: the whole table. null: no limit."""

    limits = serializers.DictField(
        child=serializers.IntegerField(allow_null=True, min_value=0, max_value=VALUE_MAX),
        help_text=", ".join(OF_ACCOUNT),
    )


class Move(Reason):
    """Where to, and why, for the audit log. Without a handle of the new host the account keeps its
    own, if that is of a domain of its owner's."""

    to = serializers.CharField(max_length=253, help_text="the name of another host")
    handle = serializers.CharField(max_length=253, required=False)


class AccountDataViewSet(ApiViewSet):
    """An account's limits, its archive, its move."""

    scopes = {
        "own_limits": Scope.ACCOUNTS_READ,
        "set_own_limits": Scope.ACCOUNTS_WRITE,
        "export": Scope.ACCOUNTS_EXPORT,
        "export_file": Scope.ACCOUNTS_EXPORT,
        "move": Scope.ACCOUNTS_WRITE,
    }
    tenant_only = frozenset({"export", "export_file"})  # its people's private data

    @extend_schema(responses=AccountLimitsShown)
    @action(detail=False, url_path="limits")
    def own_limits(self, _request: Request, hostname: str, did: str) -> Response:
        """Its own limits, and each limit as it holds, with what the account uses now."""
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=AccountLimitsGiven, responses=AccountLimitsShown)
    @own_limits.mapping.put
    def set_own_limits(self, _request: Request, hostname: str, did: str) -> Response:
        """Limits for this account alone. A tenant's token gives no more than the plan does."""
        account, given = self._account(hostname, did), self.read(AccountLimitsGiven)["limits"]
        is_tenants = self.token.tenant_id is not None
        table = {**dict.fromkeys(quota_use.own_limits(account), "default"), **given}
        plans.set_account_limits(account, table, self.actor, is_tenants=is_tenants)
        return Response(shown(self._account(hostname, did)))

    @extend_schema(request=Reason, responses={202: JobShown})
    @action(detail=False, methods=["post"], url_path="export")
    def export(self, _request: Request, hostname: str, did: str) -> Response:
        """Have an archive made of all that there is of the account: records, files, settings, its
        sign-ins. Its owner is told by mail. Where to fetch it: `.../export/file`."""
        account = self._account(hostname, did)
        return accepted(account_exports.begin(account, self.actor, self.read(Reason)["reason"]))

    @extend_schema(responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=False, url_path="export/file")
    def export_file(self, request: Request, hostname: str, did: str) -> HttpResponseBase:
        """The archive that is ready, on the record; from wherever a download broke off."""
        account = self._account(hostname, did)
        try:
            file, made = requests.open_file(account)
        except requests.ArchiveNotFound:
            raise NotFound from None
        done = AuditEntry.Action.ACCOUNT_EXPORT
        audit.record(self.actor, account, done, "the archive is downloaded")
        named = f'attachment; filename="{account.did.replace(":", "_")}.zip"'
        etag = f'"{made.key.rpartition("/")[2]}"'
        headers = {"Content-Disposition": named}
        stored = Stored(file, made.size_bytes, "application/zip", etag, headers)
        return ranges.respond(request._request, stored)

    @extend_schema(request=Move, responses={202: JobShown})
    @action(detail=False, methods=["post"], url_path="move")
    def move(self, _request: Request, hostname: str, did: str) -> Response:
        """Have the account moved to another host that the token knows. Its owner is told by mail,
        signs in there with the same password, and in apps anew; passkeys, app passwords and people
        stay behind."""
        account, asked = self._account(hostname, did), self.read(Move)
        to = self.hosts().named(asked["to"]).first()
        if to is None:
            raise InvalidField("to", "There is no such host.")
        handle = asked.get("handle") or account.handle or ""
        job = account_moves.begin(account, to, handle, self.actor, asked["reason"])
        return accepted(job)

    def _account(self, hostname: str, did: str) -> Account:
        account = account_lookups.find_open(self.host(hostname), did)
        if account is None:
            raise NotFound
        return account


def shown(account: Account) -> dict[str, Any]:
    """An account's limits as the API shows them."""
    return {
        "limits": quota_use.own_limits(account),
        "quotas": [
            {"limit": each.limit, "value": each.value, "source": each.source, "used": each.used}
            for each in quota_use.of_account(account)
        ],
    }
