"""com.atproto.sync.* through HTTP."""

import gzip

import pytest

from accounts import status
from accounts.models import Account
from protocol import car, cid
from protocol.repo import commit
from repos.state import long_reads

NS = "com.atproto.sync."
THING = "com.example.grove.thing"
UNKNOWN = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
SOME_CID = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
INACTIVE_READS = {
    "getRepo": {},
    "getCheckout": {},
    "getHead": {},
    "getLatestCommit": {},
    "listBlobs": {},
    "getRecord": {"collection": THING, "rkey": "k"},
    "getBlob": {"cid": SOME_CID},
    "getBlocks": {"cids": SOME_CID},
}


def refusal(response):
    return response.status_code, response.json()["error"]


def take_down(person):
    status.take_down(Account.objects.get(did=person.did))


def stored_blob(person, data=b"some bytes"):
    """A blob that a record refers to; its CID."""
    nsid = "com.atproto.repo.uploadBlob"
    blob = person.send(nsid, data, "text/plain").json()["blob"]
    person.create(THING, {"blob": blob})
    return blob["ref"]["$link"]


@pytest.mark.parametrize("method", [*INACTIVE_READS, "getRepoStatus"])
def test_an_unknown_did_has_no_repo(anyone, method):
    asked = INACTIVE_READS.get(method, {})
    assert refusal(anyone.query(NS + method, did=UNKNOWN, **asked)) == (400, "RepoNotFound")


@pytest.mark.parametrize("method", INACTIVE_READS)
def test_a_taken_down_repo_is_served_to_nobody(alice, anyone, method):
    take_down(alice)
    asked = INACTIVE_READS[method]
    assert refusal(anyone.query(NS + method, did=alice.did, **asked)) == (400, "RepoTakendown")


def test_an_owner_may_still_read_a_taken_down_repo(alice, anyone):
    take_down(alice)
    login = {"identifier": alice.did, "password": alice.password, "allowTakendown": True}
    alice.token = anyone.call("com.atproto.server.createSession", **login).json()["accessJwt"]
    assert alice.query(NS + "getLatestCommit", did=alice.did).status_code == 200


def test_another_account_is_no_owner(alice, bob):
    take_down(alice)
    assert refusal(bob.query(NS + "getLatestCommit", did=alice.did)) == (400, "RepoTakendown")


def test_the_status_of_an_inactive_repo_is_told(alice, anyone):
    take_down(alice)
    answer = anyone.query(NS + "getRepoStatus", did=alice.did).json()
    assert answer == {"did": alice.did, "active": False, "status": "takendown"}


def test_the_status_of_an_active_repo_has_its_rev(alice, anyone):
    answer = anyone.query(NS + "getRepoStatus", did=alice.did).json()
    rev = anyone.query(NS + "getLatestCommit", did=alice.did).json()["rev"]
    assert answer == {"did": alice.did, "active": True, "rev": rev}


def test_a_host_lists_its_own_repos(alice, bob, mallory, anyone):
    repos = anyone.query(NS + "listRepos").json()["repos"]
    assert [repo["did"] for repo in repos] == [alice.did, bob.did]
    assert all(repo["active"] and "status" not in repo for repo in repos)


def test_listing_repos_goes_page_by_page(alice, bob, anyone):
    first = anyone.query(NS + "listRepos", limit=1).json()
    second = anyone.query(NS + "listRepos", limit=1, cursor=first["cursor"]).json()
    assert [page["repos"][0]["did"] for page in (first, second)] == [alice.did, bob.did]


def test_an_inactive_repo_is_listed_with_its_status(alice, anyone):
    take_down(alice)
    (repo,) = anyone.query(NS + "listRepos").json()["repos"]
    assert (repo["active"], repo["status"]) == (False, "takendown")


def test_a_junk_cursor_is_a_bad_request(anyone):
    assert refusal(anyone.query(NS + "listRepos", cursor="junk")) == (400, "InvalidRequest")


def test_a_proof_holds_the_commit_and_the_record(alice, anyone):
    made = alice.create(THING, {"n": 1}, rkey="k")
    asked = {"did": alice.did, "collection": THING, "rkey": "k"}
    response = anyone.query(NS + "getRecord", **asked)
    proof = car.read(response.getvalue())
    assert response["Content-Type"] == "application/vnd.ipld.car"
    assert cid.to_text(proof.roots[0]) == made["commit"]["cid"]
    assert cid.from_text(made["cid"]) in dict(proof.blocks)


def test_an_absence_is_proven_too(alice, anyone):
    asked = {"did": alice.did, "collection": THING, "rkey": "missing"}
    proof = car.read(anyone.query(NS + "getRecord", **asked).getvalue())
    assert commit.parse(dict(proof.blocks)[proof.roots[0]]).did == alice.did


def test_blocks_of_a_repo_are_given_by_name(alice, anyone):
    made = alice.create(THING, {"n": 1})
    answer = anyone.query(NS + "getBlocks", did=alice.did, cids=[made["cid"]])
    assert list(dict(car.read(answer.getvalue()).blocks)) == [cid.from_text(made["cid"])]


def test_blocks_of_another_repo_are_not_handed_out(alice, bob, anyone):
    made = alice.create(THING, {"n": 1})
    answer = anyone.query(NS + "getBlocks", did=bob.did, cids=[made["cid"]])
    assert refusal(answer) == (400, "BlockNotFound")


def test_a_blob_comes_with_headers_that_keep_it_harmless(alice, anyone):
    link = stored_blob(alice)
    response = anyone.query(NS + "getBlob", did=alice.did, cid=link)
    assert response.getvalue() == b"some bytes"
    assert (response["Content-Type"], response["Content-Length"]) == ("text/plain", "10")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"] == f'attachment; filename="{link}"'


def test_a_blob_that_no_record_uses_is_not_served(alice, anyone):
    blob = alice.send("com.atproto.repo.uploadBlob", b"staged", "text/plain").json()["blob"]
    answer = anyone.query(NS + "getBlob", did=alice.did, cid=blob["ref"]["$link"])
    assert answer.json() == {"error": "BlobNotFound", "message": "Blob not found"}


def test_blobs_in_use_are_listed_in_pages(alice, anyone):
    links = sorted(stored_blob(alice, bytes([n]) * 10) for n in range(3))
    page = anyone.query(NS + "listBlobs", did=alice.did, limit=2).json()
    rest = anyone.query(NS + "listBlobs", did=alice.did, limit=2, cursor=page["cursor"]).json()
    assert (sorted(page["cids"] + rest["cids"]), "cursor" in rest) == (links, False)


def test_a_junk_cursor_of_blobs_is_a_bad_request(alice, anyone):
    answer = anyone.query(NS + "listBlobs", did=alice.did, cursor="junk")
    assert (refusal(answer), answer.json()["message"]) == (
        (400, "InvalidRequest"),
        "Malformed cursor",
    )


@pytest.mark.parametrize("text", ["..", "../../etc/passwd", "nope", ""])
def test_a_blob_is_named_by_a_cid(alice, anyone, text):
    answer = anyone.query(NS + "getBlob", did=alice.did, cid=text)
    assert refusal(answer) == (400, "InvalidRequest")


@pytest.fixture
def committed(transactional_db):
    """Exports read a snapshot over a connection of their own: rows must be committed."""
    yield
    long_reads.close_idle()


def test_an_export_begins_with_the_signed_head(committed, alice, anyone):
    made = alice.create(THING, {"n": 1})
    export = car.read(anyone.query(NS + "getRepo", did=alice.did).getvalue())
    assert cid.to_text(export.roots[0]) == made["commit"]["cid"]
    assert commit.parse(dict(export.blocks)[export.roots[0]]).did == alice.did


def test_an_export_is_gzipped_on_demand(committed, alice, anyone):
    alice.create(THING, {"text": "x" * 2000})
    plain = anyone.query(NS + "getRepo", did=alice.did).getvalue()
    path = f"/xrpc/{NS}getRepo"
    packed = anyone.get(path, {"did": alice.did}, HTTP_ACCEPT_ENCODING="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.getvalue()) == plain


@pytest.mark.django_db(transaction=True)
def test_the_deprecated_methods_say_what_their_successors_say(alice, anyone):
    latest = anyone.query(NS + "getLatestCommit", did=alice.did).json()
    assert anyone.query(NS + "getHead", did=alice.did).json() == {"root": latest["cid"]}
    checkout = anyone.query(NS + "getCheckout", did=alice.did)
    assert checkout["Content-Type"] == "application/vnd.ipld.car"
    assert checkout.getvalue() == anyone.query(NS + "getRepo", did=alice.did).getvalue()
