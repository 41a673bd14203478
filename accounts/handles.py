"""Handles that a host gives out, and whom they lead to.

Source: atproto.com/specs/handle, and the sign-up rules of com.atproto.server.createAccount. A host
answers for its own accounts alone: another tenant's handle is as foreign as a stranger's.
"""

from accounts.models import Account
from accounts.reserved import is_reserved
from hosting.models import HandleDomain, Host
from protocol.errors import XrpcError
from protocol.syntax import is_handle, normalize_handle

LABEL_MIN_CHARACTERS = 3
LABEL_MAX_CHARACTERS = 18  # keeps handles readable under long domains; the reference's rule


class HandleError(XrpcError):
    """A handle that cannot be had. Forms show it beside the handle."""

    field = "handle"


class InvalidHandle(HandleError):
    """400: it breaks the syntax, or the host's rule of one label of 3 to 18 characters."""

    name = "InvalidHandle"


class HandleNotAvailable(HandleError):
    """400: a name that is kept back."""

    name = "HandleNotAvailable"


class UnsupportedDomain(HandleError):
    """400: not under a handle domain of this host."""

    name = "UnsupportedDomain"


def check_new(host: Host, handle: str) -> str:
    """The handle in its normal form, when this host may give it out; whether it is free is not
    looked at. Raises `InvalidHandle`, `UnsupportedDomain`, `HandleNotAvailable`."""
    if not is_handle(handle):
        raise InvalidHandle("Input/handle must be a valid handle")
    handle = normalize_handle(handle)
    domain = _domain_of(host, handle)
    label = handle.removesuffix(domain)
    if "." in label:
        raise InvalidHandle("Invalid characters in handle")
    if len(label) < LABEL_MIN_CHARACTERS:
        raise InvalidHandle("Handle too short")
    if len(label) > LABEL_MAX_CHARACTERS:
        raise InvalidHandle("Handle too long")
    if is_reserved(label) or _is_a_name_of_the_platform(handle):
        raise HandleNotAvailable("Reserved handle")
    return handle


def is_taken(handle: str) -> bool:
    """Whether any account has it. Over all hosts: a handle leads to one DID in the world."""
    return Account.objects.filter(handle=handle).exists()


def resolve(host: Host, handle: str) -> str | None:
    """The DID of this host's *active* account of that handle, in any spelling."""
    if not is_handle(handle):
        return None
    accounts = Account.objects.of(host).active().filter(handle=normalize_handle(handle))
    return accounts.values_list("did", flat=True).first()


def _domain_of(host: Host, handle: str) -> str:
    """The longest of the host's handle domains that the handle is under."""
    names = host.handle_domains.values_list("name", flat=True)
    matches = sorted((name for name in names if handle.endswith(name)), key=len)
    if not matches:
        raise UnsupportedDomain("Not a supported handle domain")
    return matches[-1]


def _is_a_name_of_the_platform(handle: str) -> bool:
    """A host's own name, or the bare name of a handle domain below this one."""
    return (
        Host.objects.named(handle).exists()
        or HandleDomain.objects.filter(name=f".{handle}").exists()
    )
