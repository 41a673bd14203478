"""Permission sets of apps' scopes: as the network publishes them, else as we last knew them.

Source: atproto.com/specs/permission, "Permission Sets". A set is looked at again every five
minutes. While its authority does not answer, the last good copy serves for 90 days; when it answers
that there is none, for the day for which the specification lets anybody keep one. A host's own
handle domains need no TXT record: whoever has `app.host.example` as handle there publishes the sets
of `example.host.app.*`, and they are read from our own store.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import orjson
from django.conf import settings
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host
from protocol import atjson
from protocol.errors import XrpcError
from protocol.oauth import permission_sets
from protocol.oauth.permission_sets import PermissionSet
from protocol.untrusted_input import bounded_json
from repos.lexicons import known, publications, resolving
from repos.lexicons.publications import SCHEMA, AuthorityUnavailable, LexiconNotFound
from repos.reads import records
from server.cache.shared import SharedCache

FRESH_S: Final = 300.0
FAILURE_S: Final = 60.0
KEPT_S: Final = 3_600.0  # for pages, which wait for nobody
WITHDRAWN_AFTER: Final = timedelta(days=1)
SILENT_FOR: Final = timedelta(days=90)
MAX_BYTES: Final = 65_536  # of a set as JSON; each of its permissions is read at every sign-in
REMEMBERED_MAX: Final = 2_000
REMEMBERED = SharedCache("permission-set", REMEMBERED_MAX, slots=REMEMBERED_MAX)


def resolve(
    host: Host, nsid: str, *, may_ask: bool = True, is_granted: bool = False
) -> PermissionSet:
    """The permission set of an NSID. Asks other servers, unless it must not (`may_ask`): then what
    was known last will do. `is_granted`: somebody's session depends on it, so strangers who look at
    others do not displace it. Raises LexiconNotFound, AuthorityUnavailable, NotAPermissionSet."""
    found = _resolved(host, nsid, may_ask=may_ask)
    if is_granted:
        known.need(nsid)
    return found


def _resolved(host: Host, nsid: str, *, may_ask: bool) -> PermissionSet:
    key = f"{host.pk}/{nsid}"
    entry = REMEMBERED.get(key)
    if entry is not None and (entry.is_fresh or not may_ask):
        return _read(entry.value)
    answer = _answer(host, nsid, may_ask=may_ask)
    if may_ask:
        pause_s = FRESH_S if answer["document"] else FAILURE_S
        REMEMBERED.put(key, answer, fresh_s=pause_s, keep_s=KEPT_S)
    return _read(answer)


def _answer(host: Host, nsid: str, *, may_ask: bool) -> dict[str, Any]:
    """`document`, or else `why` there is none and whether that is because nobody answers
    (`is_silent`)."""
    try:
        return _found(_newest(nsid, may_ask=may_ask))
    except LexiconNotFound as refusal:
        why, is_silent, since = refusal.message, False, timezone.now() - WITHDRAWN_AFTER
    except AuthorityUnavailable as timeout:
        why, is_silent, since = timeout.message, True, timezone.now() - SILENT_FOR
    kept = known.last_good(nsid, since)
    if kept is not None:
        return _found(kept.document)
    own = _published_here(host, nsid)
    if own is not None:
        return _found(own)
    return _none(why, is_silent=is_silent)


def _found(document: Mapping[str, Any]) -> dict[str, Any]:
    """What is remembered of a document: the part that makes it a permission set, if it is of a size
    to be looked at for every sign-in."""
    part = {"id": document["id"], "defs": {"main": document["defs"].get("main")}}
    plain = atjson.from_value(part)
    if len(orjson.dumps(plain)) > MAX_BYTES:
        return _none(f"{document['id']} is larger than {MAX_BYTES} bytes", is_silent=False)
    return {"document": plain}


def _none(why: str, *, is_silent: bool) -> dict[str, Any]:
    return {"document": None, "why": why, "is_silent": is_silent}


def _read(answer: Mapping[str, Any]) -> PermissionSet:
    if answer["document"]:
        return permission_sets.read(answer["document"])
    if answer["is_silent"]:
        raise AuthorityUnavailable(answer["why"])
    raise LexiconNotFound(answer["why"])


def _newest(nsid: str, *, may_ask: bool) -> Mapping[str, Any]:
    if not may_ask:
        raise AuthorityUnavailable(f"Nobody was asked about {nsid}")
    if not settings.LEXICON_RESOLUTION:
        raise LexiconNotFound("Lexicons of the network are not looked up here")
    return resolving.renew(nsid).document


def _published_here(host: Host, nsid: str) -> Mapping[str, Any] | None:
    """The document in the repo of the account that has the NSID's domain as a handle of ours."""
    owners = Account.objects.of(host).open().active().filter(custom_handle__isnull=True)
    owner = owners.filter(handle=publications.authority_of(nsid)).first()
    if owner is None:
        return None
    try:
        record = bounded_json.loads(records.get_record(host, owner.did, SCHEMA, nsid))["value"]
        return publications.read_document(nsid, atjson.to_cbor(record))
    except XrpcError:
        return None
