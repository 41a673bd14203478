"""A small network: domains that name DIDs, and a server that holds their lexicon records."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.identity import resolution
from protocol import car, cbor, cid, mst
from protocol.did.did_document import DidDocument
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.lexicons import publications, record_types, resolving
from server.net import dns, http_client
from tests.unit.repos.lexicons.documents import DID

REV = "3ke6kg3wk222b"


@dataclass
class Network:
    """What is out there. `fault` is raised by every request over HTTP."""

    domains: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: SigningKey = field(default_factory=SigningKey.generate)
    signing: SigningKey | None = None  # another than the document names
    asked: list[str] = field(default_factory=list)
    fault: Exception | None = None
    status: int = 200

    def publish(self, document: dict[str, Any], did: str = DID) -> None:
        """A lexicon in the repo of a DID, which its domain names."""
        nsid = document["id"]
        self.domains[f"_lexicon.{publications.authority_of(nsid)}"] = [f"did={did}"]
        self.records[nsid] = document

    def txt(self, name: str) -> list[str]:
        self.asked.append(name)
        if name == "_lexicon.silent.example":
            raise dns.NoAnswer(name)
        return self.domains.get(name, [])

    def document(self, did: str, **_how: Any) -> DidDocument:
        key = {"id": "#atproto", "type": "Multikey", "controller": did,
               "publicKeyMultibase": self.key.did_key.removeprefix("did:key:")}  # fmt: skip
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
                   "serviceEndpoint": "https://pds.example"}  # fmt: skip
        return DidDocument({"id": did, "verificationMethod": [key], "service": [service]})

    def request(self, _method: str, url: str, **_limits: Any) -> http_client.Answer:
        self.asked.append(url)
        if self.fault is not None:
            raise self.fault
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return http_client.Answer(self.status, {}, self.proof(asked["did"], asked["rkey"]))

    def proof(self, did: str, rkey: str) -> bytes:
        tree = mst.Tree(None, {})
        held = {}
        if rkey in self.records:
            block = cbor.encode(self.records[rkey])
            tree.put(f"{publications.SCHEMA}/{rkey}".encode(), cid.of_dag_cbor(block))
            held[cid.of_dag_cbor(block)] = block
        root = tree.commit()
        signed = commit.sign(did, REV, root, self.signing or self.key)
        blocks = {signed.cid: signed.block, **tree.new_blocks, **held}
        return car.write(signed.cid, blocks.items())


@pytest.fixture
def network(monkeypatch, db, settings) -> Network:
    made = Network()
    settings.VALKEY_URL = ""
    monkeypatch.setattr(dns, "values", made.txt)
    monkeypatch.setattr(http_client, "request", made.request)
    monkeypatch.setattr(resolution, "resolve_did", made.document)
    record_types.forget()
    resolving.REFUSALS.own.clear()
    return made
