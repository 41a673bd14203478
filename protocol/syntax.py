"""Syntax of the network's identifiers and string formats. Shape alone: nothing is looked up.

Sources: atproto.com/specs/did, handle, nsid, record-key, tid, at-uri-scheme; RFC 3339 for datetimes
and RFC 5646 for language tags, each with the tighter rules of atproto.com/specs/lexicon, "String
Formats". Reserved top-level domains are a policy of sign-up, so
`accounts.identity.handles.allocation` knows them.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache

_DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_LAST_LABEL = r"[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
# DIDs as accounts and services of the network have them: plc, or web with a host name (a port on
# localhost and the names under it alone).
_NETWORK_DID = re.compile(
    r"did:plc:[a-z2-7]{24}"
    rf"|did:web:(?:(?:{_LABEL}\.)*localhost(?:%3[Aa][0-9]{{1,5}})?|(?:{_LABEL}\.)+{_LAST_LABEL})"
)
_FRAGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+")
_HANDLE = re.compile(rf"(?:{_LABEL}\.)+{_LAST_LABEL}")
# An NSID is a domain name turned round, so the label that must begin with a letter comes first.
NSID = re.compile(rf"{_LAST_LABEL}(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}")
# Domains are compared in lower case, so of two spellings a collection has but this one.
_COLLECTION = re.compile(
    rf"{_LAST_LABEL}(?:\.{_LABEL})+".replace("A-Z", "") + r"\.[a-zA-Z][a-zA-Z0-9]{0,62}"
)
_RECORD_KEY = re.compile(r"(?!\.\.?$)[a-zA-Z0-9._:~-]{1,512}")
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}")
_CID = re.compile(r"(?!Qm[a-zA-Z0-9]{44}$)[a-zA-Z0-9+=]{8,256}")
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,80}:[^\s\x00-\x1f\x7f]+")
_DATETIME = re.compile(
    r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T((?:[01][0-9]|2[0-3]):[0-5][0-9]):[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|(?!-00:00)([+-])((?:[01][0-9]|2[0-3]):[0-5][0-9]))"
)
_LANGUAGE = re.compile(
    r"i(?:-[a-zA-Z0-9]{1,8})+|sgn-(?:BE-FR|BE-NL|CH-DE)|en-GB-oed"  # the grandfathered tags
    r"|[xX](?:-[a-zA-Z0-9]{1,8})+"
    r"|[a-z]{2,3}(?:-[a-zA-Z]{3}){0,3}(?:-[a-zA-Z]{4})?(?:-[a-zA-Z]{2}|-[0-9]{3})?"
    r"(?P<variants>(?:-[a-zA-Z0-9]{5,8}|-[0-9][a-zA-Z0-9]{3})*)"
    r"(?P<extensions>(?:-[a-wyzA-WYZ0-9](?:-[a-zA-Z0-9]{2,8})+)*)"
    r"(?:-[xX](?:-[a-zA-Z0-9]{1,8})+)?"
)
_SINGLETON = re.compile(r"-([a-zA-Z0-9])(?=-)")

_MAX_DID = 2048
_MAX_HANDLE = 253
_MAX_NSID = 317
_MAX_RECORD_KEY = 512
_MAX_URI = 8192
_MAX_DATETIME = 64


class InvalidSyntax(ValueError):
    """The text has not the shape that its place asks for."""


def is_did(text: str) -> bool:
    """A DID of any method; which methods resolve is another question."""
    return len(text) <= _MAX_DID and _DID.fullmatch(text) is not None


def is_network_did(text: str) -> bool:
    """A DID of a method that the network resolves, as its services are named by."""
    return len(text) <= _MAX_DID and _NETWORK_DID.fullmatch(text) is not None


def is_service_reference(text: str) -> bool:
    """`did#id`: one service of a DID's document."""
    did, _, fragment = text.partition("#")
    return is_network_did(did) and len(text) <= _MAX_DID and bool(_FRAGMENT.fullmatch(fragment))


def is_handle(text: str) -> bool:
    """A DNS name of two labels or more, in either case."""
    return len(text) <= _MAX_HANDLE and _HANDLE.fullmatch(text) is not None


def normalize_handle(text: str) -> str:
    """Give the handle in lower case, the form stored and compared. Raises InvalidSyntax."""
    if not is_handle(text):
        raise InvalidSyntax(f"not a handle: {text[:_MAX_HANDLE]!r}")
    return text.lower()


def is_at_identifier(text: str) -> bool:
    """A DID or a handle."""
    return is_did(text) if text.startswith("did:") else is_handle(text)


def is_nsid(text: str) -> bool:
    """The name of a lexicon document, without a fragment."""
    return len(text) <= _MAX_NSID and NSID.fullmatch(text) is not None


@lru_cache(4096)
def is_collection(text: str) -> bool:
    """An NSID whose authority is in lower case, the form that the specification normalises to."""
    return len(text) <= _MAX_NSID and _COLLECTION.fullmatch(text) is not None


def is_record_key(text: str) -> bool:
    """A record key of type `any`; the other key types are narrower."""
    if text.isalnum() and text.isascii():  # most are; a quarter of the expression's time
        return len(text) <= _MAX_RECORD_KEY
    return _RECORD_KEY.fullmatch(text) is not None


def is_record_path(collection: str, rkey: str) -> bool:
    """Whether a repo may hold a record under `collection/rkey`: the one gate for every way in."""
    return is_collection(collection) and is_record_key(rkey)


def is_nameable(collection: str, rkey: str) -> bool:
    """Whether an AT-URI can name a record: in other spellings of the domain, too."""
    return is_nsid(collection) and is_record_key(rkey)


def is_tid(text: str) -> bool:
    """Thirteen letters of the sortable alphabet with the top bit 0."""
    return _TID.fullmatch(text) is not None


def is_cid(text: str) -> bool:
    """The shape of a CID of any base and codec but version 0; `cid.from_text` reads our own."""
    return _CID.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """A scheme, a colon, and something without white space; 8 KiB at most."""
    return len(text) <= _MAX_URI and _URI.fullmatch(text) is not None


def is_datetime(text: str) -> bool:
    """RFC 3339 with `T`, seconds, an offset that is not -00:00; a day that exists."""
    found = _DATETIME.fullmatch(text) if len(text) <= _MAX_DATETIME else None
    if found is None:
        return False
    year, month, day, time, sign, offset = found.groups()
    if day > "28" and int(day) > monthrange(int(year) or 4, int(month))[1]:
        return False  # year 0 is a leap year that the calendar module does not know
    # East of Greenwich the first hours of year 0 lie before the epoch of the format.
    return not (sign == "+" and f"{year}{month}{day}" == "00000101" and time < offset)


def is_language(text: str) -> bool:
    """A well-formed BCP 47 tag in which no variant and no extension letter comes twice."""
    found = _LANGUAGE.fullmatch(text)
    if found is None:
        return False
    variants = (found["variants"] or "").lower().split("-")[1:]
    singletons = _SINGLETON.findall((found["extensions"] or "").lower())
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)


def is_at_uri(text: str) -> bool:
    """`at://authority[/collection[/rkey]]` without query, fragment or trailing slash."""
    if len(text) > _MAX_URI or not text.startswith("at://"):
        return False
    authority, *path = text[5:].split("/")
    if not is_at_identifier(authority) or len(path) > 2:
        return False
    if not path:
        return True
    return is_nsid(path[0]) and (len(path) == 1 or is_record_key(path[1]))


@dataclass(frozen=True, slots=True)
class AtUri:
    """An AT-URI taken apart; `collection` and `rkey` are empty when the URI is shorter."""

    authority: str
    collection: str = ""
    rkey: str = ""

    @classmethod
    def parse(cls, text: str) -> "AtUri":
        """Take an AT-URI apart. Raises InvalidSyntax."""
        if not is_at_uri(text):
            raise InvalidSyntax(f"not an AT-URI: {text[:_MAX_DID]!r}")
        return cls(*text[5:].split("/"))

    def __str__(self) -> str:
        parts = (self.authority, self.collection, self.rkey)
        return "at://" + "/".join(part for part in parts if part)
