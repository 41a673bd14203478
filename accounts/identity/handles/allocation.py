"""Allocation of handles under a host's domains, and whom they lead to.

Source: atproto.com/specs/handle, and the sign-up rules of com.atproto.server.createAccount. A host
answers for its own accounts alone: another tenant's handle is as foreign as any other.
"""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.identity.handles.reserved_names import is_reserved
from accounts.identity.handles.slurs import has_slur
from hosting.models import Host
from protocol.errors import XrpcError
from protocol.syntax import is_handle, normalize_handle
from server.database import connection as database
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint

LABEL_MIN_CHARACTERS = 3
LABEL_MAX_CHARACTERS = 18  # keeps handles readable under long domains; the reference's rule
# atproto.com/specs/handle, "Additional Non-Syntax Restrictions"; `.test` is for networks like ours
DISALLOWED_TOP_LEVELS = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion"}
)
# Over all hosts: a handle leads to one DID in the world.
_KEPT = """
    EXISTS (SELECT FROM plc_operation WHERE new_handle = %(handle)s AND new_handle <> ''
        AND state IN ('waiting', 'running') AND did <> %(did)s)
    OR EXISTS (SELECT FROM web_identity WHERE did = 'did:web:' || %(handle)s AND did <> %(did)s)
"""
TAKEN = f"EXISTS (SELECT FROM account WHERE handle = %(handle)s) OR {_KEPT}"
_OF_PLATFORM = """
    SELECT EXISTS (SELECT FROM host WHERE hostname = %(name)s OR other_hostname = %(name)s)
    OR EXISTS (SELECT FROM handle_domain WHERE name = '.' || %(name)s)
"""
_DID_OF_HANDLE = Statement(
    """
    SELECT a.did FROM account a LEFT JOIN custom_handle c ON c.account_id = a.id
    WHERE a.handle = $1 AND a.host_id = $2 AND a.status = 'active' AND c.lost_at IS NULL
    """,
    (TEXT, BIGINT),
)


class HandleError(XrpcError):
    """A handle that cannot be had. Forms show it beside the handle."""

    field = "handle"


class InvalidHandle(HandleError):
    """400: it breaks the syntax, or the host's rule of one label of 3 to 18 characters."""

    name = "InvalidHandle"
    page_text = _("Use letters, digits and dashes; no dash at either end.")


class HandleTooShort(InvalidHandle):
    """400: fewer than LABEL_MIN_CHARACTERS."""

    message = "Handle too short"
    page_text = _("Use at least 3 characters.")


class HandleTooLong(InvalidHandle):
    """400: more than LABEL_MAX_CHARACTERS."""

    message = "Handle too long"
    page_text = _("Use at most 18 characters.")


class HandleHasSlur(InvalidHandle):
    """400: a word of abuse."""

    message = "Inappropriate language in handle"
    page_text = _("This word cannot be a handle. Choose another one.")


class HandleNotAvailable(HandleError):
    """400: a name that is kept back."""

    name = "HandleNotAvailable"
    message = "Reserved handle"
    page_text = _("This handle is reserved. Choose another one.")


class UnsupportedDomain(HandleError):
    """400: not under a handle domain of this host."""

    name = "UnsupportedDomain"
    message = "Not a supported handle domain"
    page_text = _("Choose one of the domains in the list.")


class HandleTaken(HandleError):
    """400 without a name of its own: that is what clients expect at sign-up."""

    page_text = _("This handle is taken. Choose another one.")

    def __init__(self, handle: str) -> None:
        super().__init__(f"Handle already taken: {handle}")


def check_new(host: Host, handle: str) -> str:
    """The handle in its normal form, when this host may give it out; whether it is free is not
    looked at. Raises `InvalidHandle`, `UnsupportedDomain`, `HandleNotAvailable`."""
    handle, label = _in_parts(host, handle)
    if is_reserved(label):
        raise HandleNotAvailable
    check_language(label)
    return handle


def check_language(name: str) -> None:
    """Refuse words of abuse, in whatever domain. Raises `InvalidHandle`."""
    if has_slur(name):
        raise HandleHasSlur


def check_by_staff(host: Host, handle: str) -> str:
    """The same for handles that the host's staff give out: reserved words are theirs to give."""
    handle, _label = _in_parts(host, handle)
    return handle


def is_own(host: Host, handle: str) -> bool:
    """Whether the handle is under one of the host's handle domains."""
    return any(handle.endswith(name) for name in _domains(host))


def is_taken(handle: str) -> bool:
    """Whether any account has it, is about to get it, or has a did:web of that name."""
    return _is(f"SELECT {TAKEN}", handle=handle, did="")


def is_kept(handle: str, did: str = "") -> bool:
    """Whether the handle waits for another DID than this one: an account is about to get it, or it
    is the name of a did:web that we serve."""
    return _is(f"SELECT {_KEPT}", handle=handle, did=did)


def _is(question: str, **names: str) -> bool:
    row = database.row(question, names)
    return row is not None and bool(row[0])


def lock(handle: str) -> None:
    """Keep everybody else from taking the handle until this transaction ends. Whoever gives a
    handle to an account holds it, looks whether it is taken, and writes the row."""
    database.row("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", (handle,))


def resolve(host: Host, handle: str) -> str | None:
    """The DID of this host's *active* account of that handle, in any spelling. A handle of another
    domain that has lost its proof is the network's to answer."""
    return resolved(ask_for_did(host, handle).rows()) if is_handle(handle) else None


def ask_for_did(host: Host, handle: str) -> Question:
    """What `resolved` is told the answer of; of a handle that is well formed."""
    return Question(_DID_OF_HANDLE, (normalize_handle(handle).encode(), bigint(host.pk)))


def resolved(found: Sequence[Row]) -> str | None:
    """The DID that was asked for."""
    return found[0][0].decode() if found else None


def _in_parts(host: Host, handle: str) -> tuple[str, str]:
    """The handle in its normal form and its first label, by the rules that hold for everybody."""
    if not is_handle(handle):
        raise InvalidHandle("Input/handle must be a valid handle")
    handle = normalize_handle(handle)
    label = handle.removesuffix(_domain_of(host, handle))
    if "." in label:
        raise InvalidHandle("Invalid characters in handle")
    if len(label) < LABEL_MIN_CHARACTERS:
        raise HandleTooShort
    if len(label) > LABEL_MAX_CHARACTERS:
        raise HandleTooLong
    if _is_a_name_of_the_platform(handle):
        raise HandleNotAvailable
    return handle, label


def _domain_of(host: Host, handle: str) -> str:
    """The longest of the host's handle domains that the handle is under."""
    matches = sorted((name for name in _domains(host) if handle.endswith(name)), key=len)
    if matches:
        return matches[-1]
    if handle.rpartition(".")[2] in DISALLOWED_TOP_LEVELS:
        raise InvalidHandle("Handle TLD is invalid or disallowed")
    raise UnsupportedDomain


def _domains(host: Host) -> list[str]:
    return [domain.name for domain in host.handle_domains.all()]  # remembered with the host


def _is_a_name_of_the_platform(handle: str) -> bool:
    """A host's own name, or the bare name of a handle domain below this one."""
    return _is(_OF_PLATFORM, name=handle)
