"""Handle availability, and suggestions of free ones.

Source: com.atproto.temp.checkHandleAvailability; the sign-up page's script asks the same. A name
that somebody's held sign-up waits for is not free either.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import (
    LABEL_MAX_CHARACTERS,
    LABEL_MIN_CHARACTERS,
    HandleTaken,
)
from accounts.identity.handles.reserved_names import is_reserved
from accounts.signup import approval_queue
from hosting.models import Host
from protocol.errors import XrpcError

SUGGESTIONS_MAX: Final = 4
_TRIED_MAX = 10  # each look costs some queries
_NOT_IN_LABELS = re.compile(r"[^a-z0-9-]+")
_ENDINGS = ("1", "2", "3", "-here", "-too", "-real", "7", "42", "99", "-net", "-one", "2000")


@dataclass(frozen=True)
class Suggestion:
    """A free handle, and how it was come by."""

    handle: str
    method: str


def check(host: Host, wanted: str) -> str:
    """The handle in its normal form, when somebody can sign up with it right now.

    Raises the errors of `allocation.check_new`, HandleTaken.
    """
    handle = allocation.check_new(host, wanted)
    if allocation.is_taken(handle) or approval_queue.is_handle_wanted(handle):
        raise HandleTaken(handle)
    return handle


def suggestions(host: Host, wanted: str, email: str = "") -> list[Suggestion]:
    """A few free handles like `wanted`, or like the name before the @ of an address."""
    candidates = itertools.islice(_candidates(host, wanted, email), _TRIED_MAX)
    free = (candidate for candidate in candidates if is_free(host, candidate.handle))
    return list(itertools.islice(free, SUGGESTIONS_MAX))


def _candidates(host: Host, wanted: str, email: str) -> Iterator[Suggestion]:
    """The same label under the host's other domains, the address's name, and label plus ending."""
    domains = [domain.name for domain in host.handle_domains.all()]
    label = as_label(wanted.partition(".")[0])
    for domain in domains:
        if label and label + domain != wanted.lower():
            yield Suggestion(label + domain, "domain")
    own_name = as_label(email.partition("@")[0])
    for domain in domains[:1]:
        if own_name and own_name != label:
            yield Suggestion(own_name + domain, "email")
        for base, ending in itertools.product(filter(None, (label, own_name)), _ENDINGS):
            kept = base[: LABEL_MAX_CHARACTERS - len(ending)].rstrip("-")
            yield Suggestion(kept + ending + domain, "ending")


def as_label(text: str) -> str:
    """What of a text a handle's label can hold; empty when that is too little, or a reserved word:
    `admin-real` would be a gift to whoever wants to pass for one."""
    label = _NOT_IN_LABELS.sub("", text.lower())[:LABEL_MAX_CHARACTERS].strip("-")
    return label if len(label) >= LABEL_MIN_CHARACTERS and not is_reserved(label) else ""


def is_free(host: Host, handle: str) -> bool:
    """Whether somebody can sign up with it right now."""
    try:
        check(host, handle)
    except XrpcError:
        return False
    return True
