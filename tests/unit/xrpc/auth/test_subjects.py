"""Whom a call is about, and how an account is shown."""

import pytest

from accounts.identity import published_dids
from accounts.models import Account
from accounts.status import AccountNotFound
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.keys import SigningKey
from tests.factories import account_row
from xrpc.auth import subjects
from xrpc.request.call import Call, Caller

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
KEY = SigningKey.generate().did_key


def account(host: Host, handle: str | None = "alice.test") -> Account:
    return Account(host=host, did=DID, handle=handle, signing_did_key=KEY)


def call(host: Host, did: str = DID) -> Call:
    return Call(host, {}, {}, Caller(did, "com.atproto.access"), body=None)


def test_the_local_document_says_what_the_directory_would():
    document = DidDocument(
        published_dids.document_of(account(Host(origin="http://localhost:2583")))
    )
    assert (document.did, document.handle, document.signing_key) == (DID, "alice.test", KEY)
    assert document.pds == "http://localhost:2583"


def test_an_account_without_a_handle_shows_the_placeholder():
    nameless = account(Host(origin="http://localhost:2583"), handle=None)
    assert subjects.handle_of(nameless) == "handle.invalid"
    assert published_dids.document_of(nameless)["alsoKnownAs"] == []


def test_a_host_may_have_a_blob_limit_of_its_own(settings):
    settings.BLOB_LIMIT_BYTES = 10
    assert subjects.blob_limit_bytes(Host()) == 10
    assert subjects.blob_limit_bytes(Host(blob_limit_bytes=5)) == 5


def test_a_token_may_outlive_its_account(ash):
    with pytest.raises(AccountNotFound):
        subjects.own_account(call(ash))


def test_an_account_that_never_opened_is_no_account(ash):
    account_row(ash, did=DID, opened_at=None)
    with pytest.raises(AccountNotFound):
        subjects.own_account(call(ash))
