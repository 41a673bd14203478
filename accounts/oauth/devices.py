"""Browsers at a host, and who is signed in there: a pair of cookies for each.

One cookie names the browser, the other proves it and is changed every five minutes, and at once
when network or user agent changed. The proof before serves for some seconds more, because pages ask
side by side; one that is older was copied, and the browser is forgotten with all that it was signed
in to. How the cookies travel: accounts.pages.oauth.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.authentication.credentials import InvalidLogin
from accounts.models import Account, OAuthDevice, OAuthDeviceAccount, account_lookups
from accounts.oauth import opaque
from accounts.status import lock_for_session
from hosting.models import Host
from server.database import connection, model_rows
from server.encryption import digests

ROTATED_AFTER: Final = timedelta(minutes=5)
PROOF_GRACE: Final = timedelta(seconds=5)
FORGOTTEN_AFTER: Final = timedelta(days=90)  # of not being used
SIGNED_OUT_FOR: Final = timedelta(days=1)  # a browser in which nobody is signed in
EPHEMERAL_FOR: Final = timedelta(minutes=15)  # a sign-in that nobody wanted remembered
LISTED_MAX: Final = 100
ACCOUNTS_MAX: Final = 20  # signed in at one browser; the eldest goes


@dataclass(frozen=True, slots=True)
class Cookies:
    """What the browser has to keep."""

    name: str
    proof: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A browser that asked. `cookies`: what it must be given with the answer; None: it has them."""

    device: OAuthDevice
    cookies: Cookies | None


def create(host: Host, place: str) -> Seen:
    """A browser that was not here before. `place` is its network and user agent in one text."""
    cookies = Cookies(opaque.new("dev"), opaque.new("ses"))
    now = timezone.now()
    device = OAuthDevice.objects.create(
        host=host,
        name_sha256=digests.sha256(cookies.name),
        proof_sha256=digests.sha256(cookies.proof),
        rotated_at=now,
        last_seen_at=now,
        place_sha256=digests.sha256(place),
    )
    return Seen(device, cookies)


def find(host: Host, cookies: Cookies, place: str) -> Seen | None:
    """The browser of these cookies at this host, with new ones where it is time; None for an
    unknown one, and for one whose proof is wrong, which is forgotten."""
    with transaction.atomic(savepoint=False):
        row = connection.row(_device(), (host.pk, digests.sha256(cookies.name)))
        if row is None:
            return None
        device = model_rows.instance(OAuthDevice, row)
        device.host = host
        now = timezone.now()
        given = digests.sha256(cookies.proof)
        if not hmac.compare_digest(given, device.proof_sha256):
            if not _is_just_replaced(device, given):
                device.delete()
                return None
            return Seen(device, None)  # the answer that brings the new proof is on its way
        place_sha256 = digests.sha256(place)
        if device.place_sha256 == place_sha256 and device.rotated_at > now - ROTATED_AFTER:
            return Seen(device, None)
        return Seen(device, _rotate(device, cookies.name, place_sha256))


def signed_in(device: OAuthDevice) -> list[OAuthDeviceAccount]:
    """Who is signed in, the latest first, with `account`: deactivated ones too, which the pages
    offer to activate; nobody who was taken down."""
    rows = connection.rows(_signed_in(), (device.pk, timezone.now() - EPHEMERAL_FOR))
    found = [model_rows.instance(OAuthDeviceAccount, row) for row in rows]
    accounts = account_lookups.find_by_ids(device.host, [each.account_id for each in found])
    here = []
    for each in found:
        account = accounts.get(each.account_id)
        if account is not None and account.opened_at and not account.taken_down_at:
            each.account = account
            here.append(each)
    return here


@cache
def _device() -> str:
    columns = ", ".join(model_rows.columns(OAuthDevice))
    return (
        f"SELECT {columns} FROM oauth_device WHERE host_id = %s AND name_sha256 = %s"  # noqa: S608 - constants only
        " FOR NO KEY UPDATE"
    )


@cache
def _signed_in() -> str:
    columns = ", ".join(model_rows.columns(OAuthDeviceAccount))
    return (
        f"SELECT {columns} FROM oauth_device_account"  # noqa: S608 - constants only
        " WHERE device_id = %s AND (is_remembered OR signed_in_at > %s)"
        " ORDER BY signed_in_at DESC, id DESC"
    )


def sign_in(device: OAuthDevice, account: Account, *, is_remembered: bool) -> None:
    """Sign in whose credentials were just looked at. Raises AccountTakedown, AccountNotFound, and
    InvalidLogin when the password was changed in this very moment."""
    with transaction.atomic():
        locked = lock_for_session(account)
        if locked.password != account.password:
            raise InvalidLogin
        OAuthDeviceAccount.objects.update_or_create(
            device=device,
            account=locked,
            defaults={"signed_in_at": timezone.now(), "is_remembered": is_remembered},
        )
        kept = OAuthDeviceAccount.objects.filter(device=device).order_by("-signed_in_at", "-pk")
        surplus = list(kept.values_list("pk", flat=True)[ACCOUNTS_MAX:])
        OAuthDeviceAccount.objects.filter(pk__in=surplus).delete()


def sign_out(device: OAuthDevice, account: Account) -> None:
    """Sign the account out at this browser; apps that were signed in there stay."""
    OAuthDeviceAccount.objects.filter(device=device, account=account).delete()


def of_account(account: Account) -> list[OAuthDeviceAccount]:
    """The browsers in which the account is signed in for apps, with `device`, the latest first."""
    rows = OAuthDeviceAccount.objects.filter(account=account).select_related("device")
    rows = rows.filter(Q(is_remembered=True) | Q(signed_in_at__gt=timezone.now() - EPHEMERAL_FOR))
    return list(rows.order_by("-signed_in_at", "-pk")[:LISTED_MAX])


def end_of(account: Account, row_id: int) -> None:
    """Sign the account out in one of these browsers; apps that were signed in there stay."""
    OAuthDeviceAccount.objects.filter(account=account, pk=row_id).delete()


def forget_unused() -> None:
    """The sweep: sign-ins that were to be short, browsers that were not seen for long, and soon
    those in which nobody is signed in: anybody can make any number of them."""
    now = timezone.now()
    OAuthDeviceAccount.objects.filter(
        is_remembered=False, signed_in_at__lt=now - EPHEMERAL_FOR
    ).delete()
    signed_out = OAuthDevice.objects.filter(signed_in__isnull=True)
    signed_out.filter(last_seen_at__lt=now - SIGNED_OUT_FOR).delete()
    OAuthDevice.objects.filter(last_seen_at__lt=now - FORGOTTEN_AFTER).delete()


def _is_just_replaced(device: OAuthDevice, given: str) -> bool:
    is_previous = hmac.compare_digest(given, device.previous_proof_sha256)
    return is_previous and device.rotated_at > timezone.now() - PROOF_GRACE


def _rotate(device: OAuthDevice, name: str, place_sha256: str) -> Cookies:
    cookies = Cookies(name, opaque.new("ses"))
    device.previous_proof_sha256 = device.proof_sha256
    device.proof_sha256 = digests.sha256(cookies.proof)
    device.place_sha256 = place_sha256
    device.rotated_at = device.last_seen_at = timezone.now()
    device.save()
    return cookies
