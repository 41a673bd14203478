"""The account of somebody who comes from a provider for the first time.

The sign-up is the ordinary one, under the host's admission policy, unless the tenant lets its
provider admit people. Until the account is open it has a password that only this host can make,
from its secret: so a sign-up that was cut off, or that the staff approve days later, is known again
by it. Then the account has none.
"""

import base64
from dataclasses import replace

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from accounts import status
from accounts.authentication import security_changes
from accounts.models import Account, OpenIdIdentity, OpenIdProvider
from accounts.oauth import opaque
from accounts.oauth.openid.identities import CONNECTED
from accounts.oauth.openid.people import Person
from accounts.signup import handle_availability, sign_up
from accounts.signup.rules import SignUp
from hosting.models import Host


def suggested_label(host: Host, person: Person) -> str:
    """What goes before the domain in the handle of somebody new: what the provider calls them, as
    far as a handle can; something like it where that is had. Empty when nothing is left of it."""
    domains = [domain.name for domain in host.handle_domains.all()]
    label = handle_availability.as_label(person.handle.partition("@")[0])
    if not domains:
        return ""
    if label and handle_availability.is_free(host, label + domains[0]):
        return label
    for each in handle_availability.suggestions(host, person.handle, person.email):
        if each.handle.endswith(domains[0]):
            return each.handle.removesuffix(domains[0])
    return label


def sign_up_as(host: Host, provider: OpenIdProvider, person: Person, wanted: SignUp) -> Account:
    """Make the account of somebody who was proven just now, and open it. Raises as
    `sign_up.sign_up`; whoever waits for the staff comes again the same way."""
    identity = _identity(host, provider, person, wanted.handle)
    if identity.account is not None:
        return identity.account
    whole = replace(
        wanted,
        password=_password(host, provider, person.subject),
        is_vouched_for=provider.is_admitting,
    )
    return _settled(identity, sign_up.sign_up(host, whole), person)


def arrived(host: Host, provider: OpenIdProvider, person: Person) -> Account | None:
    """The account of a sign-up that opened since somebody was here last; None where none did."""
    waiting = OpenIdIdentity.objects.filter(
        host=host, provider=provider, subject=person.subject, account=None
    )
    identity = waiting.first()
    if identity is None:
        return None
    accounts = Account.objects.of(host).open().select_related("host__tenant")
    account = accounts.filter(handle=identity.handle).first()
    password = _password(host, provider, person.subject)
    if account is None or not check_password(password, account.password):
        return None
    return _settled(identity, account, person)


def _identity(host: Host, provider: OpenIdProvider, person: Person, handle: str) -> OpenIdIdentity:
    now = timezone.now()
    identity, _made = OpenIdIdentity.objects.select_related("account__host__tenant").get_or_create(
        host=host,
        provider=provider,
        subject=person.subject,
        defaults={"handle": handle, "linked_at": now, "seen_at": now},
    )
    if identity.account is None and identity.handle != handle:
        OpenIdIdentity.objects.filter(pk=identity.pk).update(handle=handle)
    return identity


def _settled(identity: OpenIdIdentity, account: Account, person: Person) -> Account:
    """The account, opened by the identity and by no password any more."""
    with transaction.atomic():
        locked = status.lock_open(account)
        locked.password = make_password(None)
        fields = ["password"]
        if person.is_email_verified and person.email == locked.email:
            locked.email_confirmed_at = timezone.now()
            fields.append("email_confirmed_at")
        locked.save(update_fields=fields)
        OpenIdIdentity.objects.filter(pk=identity.pk).update(account=locked, seen_at=timezone.now())
        security_changes.note(locked, CONNECTED, detail=identity.provider.name)
    return Account.objects.select_related("host__tenant").get(pk=locked.pk)


def _password(host: Host, provider: OpenIdProvider, subject: str) -> str:
    message = f"{provider.pk}\0{subject}".encode()
    return base64.urlsafe_b64encode(opaque.mac(host, "openid sign-up", message)).decode()
