"""Subjects of cases: an account, or one record of an account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.errors import InvalidRequest
from protocol.syntax import AtUri, InvalidSyntax, is_did

REPO_REF: Final = "com.atproto.admin.defs#repoRef"
STRONG_REF: Final = "com.atproto.repo.strongRef"


class UnfitSubject(InvalidRequest):
    """400: not an account and not a record."""


@dataclass(frozen=True)
class Subject:
    """Whom or what a case is about. `uri` is empty for an account; `cid` names the version of the
    record that was reported, where somebody said so."""

    did: str
    uri: str = ""
    cid: str = ""

    @property
    def name(self) -> str:
        """What the case is known by: the DID of an account, the at-URI of a record."""
        return self.uri if self.collection else self.did

    @property
    def collection(self) -> str:
        """Of the record; empty for an account."""
        return self.uri.removeprefix("at://").split("/")[1] if self.uri.count("/") > 2 else ""


def of_wire(value: Mapping[str, Any]) -> Subject:
    """A subject as the wire has it: a repoRef or a strongRef. Raises UnfitSubject."""
    kind = value.get("$type")
    if kind == REPO_REF and is_did(str(value.get("did"))):
        return Subject(value["did"])
    if kind == STRONG_REF:
        return of_uri(str(value.get("uri")), str(value.get("cid")))
    raise UnfitSubject("A report is about an account or a record")


def of_uri(uri: str, cid: str = "") -> Subject:
    """The record that an at-URI names. Raises UnfitSubject."""
    try:
        author = AtUri.parse(uri).authority
    except InvalidSyntax as reason:
        raise UnfitSubject("The subject has no at-URI") from reason
    if not is_did(author):
        raise UnfitSubject("The subject's at-URI has to name a DID")
    return Subject(author, uri, cid)
