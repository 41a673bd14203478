"""Factories: accounts, repos and staff that are simply there, for tests about something else."""

import itertools
from dataclasses import replace
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.models import Account
from accounts.signals import account_opened
from accounts.signup.sign_up import SignUp
from hosting.models import Host, Member, StaffUser, Tenant
from hosting.tenancy import provisioning
from moderation.labels import signing
from moderation.models import Labeler
from protocol.keys import SigningKey

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)
ALICE = SignUp(handle="alice.test", email="alice@example.com", password=PASSWORD)


def ash() -> Host:
    """The first tenant's host: `localhost`, handles under `.test`."""
    tenant = Tenant.objects.create(slug="ash", name="Ash")
    return provisioning.create_host(tenant, "localhost", "http://localhost:2583", [".test"])


def birch() -> Host:
    """The second tenant's host: `birch.localhost`, handles under `.birch.test`."""
    tenant = Tenant.objects.create(slug="birch", name="Birch")
    origin = "http://birch.localhost:2583"
    return provisioning.create_host(tenant, "birch.localhost", origin, [".birch.test"])


def wanted(**changes: Any) -> SignUp:
    return replace(ALICE, **changes)


def account_row(host: Host, label: str = "alice", **changes: Any) -> Account:
    """An open account without a directory, a repo or an event; `changes` are its fields."""
    domain = host.handle_domains.all()[0].name
    fields = {
        "did": "did:plc:" + f"{host.pk}{label}".ljust(24, "a")[:24],
        "handle": label + domain,
        "email": f"{label}@example.com",
        "password": make_password(PASSWORD),
        "opened_at": timezone.now(),
    }
    fields |= changes
    if "signing_did_key" not in fields:
        fields["signing_did_key"] = signing_keys.new_signing_key(host, fields["did"]).did_key
    account = Account.objects.create(host=host, **fields)
    return Account.objects.select_related("host").get(pk=account.pk)


def open_account(host: Host) -> Account:
    """An account with a repo, made the way the accounts package makes it, without a directory."""
    with transaction.atomic():
        account = account_row(host, f"repo{next(_numbers)}", password="!")
        account_opened.send(sender=Account, account=account)
    return account


def staff_member(host: Host, role: str) -> StaffUser:
    """A new member of the staff of a host's tenant."""
    user = StaffUser.objects.create_user(f"{role}-{host.tenant.slug}", is_staff=True)
    Member.objects.create(tenant=host.tenant, user=user, role=role)
    return user


def labeler(account: Account, state: str = Labeler.State.LIVE) -> Labeler:
    """The labeler of an account's tenant: that account."""
    key = SigningKey.generate()
    made = Labeler.objects.create(
        tenant=account.host.tenant,
        host=account.host,
        account=account,
        did=account.did,
        state=state,
        signing_did_key=key.did_key,
    )
    signing.store(made, key)
    return made
