"""com.atproto.repo.* through HTTP."""

import pytest

from accounts import status
from accounts.models import Account

NS = "com.atproto.repo."
THING = "com.example.grove.thing"
POST = "app.bsky.feed.post"
PROFILE = "app.bsky.actor.profile"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(20)
POST_RECORD = {"text": "hello", "createdAt": "2026-11-01T12:00:00.000Z"}
OTHER_CID = "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"


def refusal(response):
    return response.status_code, response.json()["error"]


def put(person, rkey, record, **more):
    body = {"repo": person.did, "collection": THING, "rkey": rkey, "record": record}
    return person.call(NS + "putRecord", **body, **more)


def write(kind, rkey, value=None):
    entry = {"$type": f"{NS}applyWrites#{kind}", "collection": THING, "rkey": rkey}
    return entry if value is None else {**entry, "value": value}


def apply(person, *batch, **more):
    return person.call(NS + "applyWrites", repo=person.did, writes=list(batch), **more)


def read(api, repo, rkey, collection=THING, **more):
    return api.query(NS + "getRecord", repo=repo, collection=collection, rkey=rkey, **more)


def head(person):
    return person.query("com.atproto.sync.getLatestCommit", did=person.did).json()


def test_a_created_record_can_be_read_by_anyone(alice, anyone):
    made = alice.create(POST, POST_RECORD)
    rkey = made["uri"].rpartition("/")[2]
    answer = read(anyone, alice.did, rkey, POST).json()
    assert (answer["uri"], answer["cid"]) == (made["uri"], made["cid"])
    assert answer["value"] == {"$type": POST, **POST_RECORD}


def test_a_repo_may_be_named_by_its_handle(alice, anyone):
    put(alice, "k", {"n": 1})
    assert read(anyone, "Alice.test", "k").json()["uri"] == f"at://{alice.did}/{THING}/k"


def test_a_write_answers_the_new_head(alice):
    made = alice.create(THING, {"n": 1})
    assert made["commit"] == head(alice)


def test_known_types_are_checked_and_unknown_ones_are_said_to_be(alice):
    assert alice.create(POST, POST_RECORD)["validationStatus"] == "valid"
    assert alice.create(THING, {"n": 1})["validationStatus"] == "unknown"


@pytest.mark.parametrize("collection", ["App.Bsky.feed.post", "COM.EX.thing", "com.Ex.thing"])
def test_a_collection_has_its_domain_in_lower_case(alice, collection):
    record = {"collection": collection, "rkey": "k", "record": {"n": 1}}
    for name in ("createRecord", "putRecord"):
        response = alice.call(NS + name, repo=alice.did, **record)
        assert refusal(response) == (400, "InvalidRequest")
        assert collection in response.json()["message"]
    entry = {"$type": f"{NS}applyWrites#create", "collection": collection, "value": {"n": 1}}
    assert apply(alice, entry).status_code == 400
    gone = alice.call(NS + "deleteRecord", repo=alice.did, collection=collection, rkey="k")
    assert gone.status_code == 200


def test_the_name_of_a_collection_may_have_capitals(alice):
    assert alice.create("com.example.camelCase", {"n": 1})["uri"].count("camelCase")


COSTLY = {
    "objects": [{}] * 320_000,
    "lists": [[]] * 320_000,
    "keys": {f"k{n}": 1 for n in range(60_000)},
    "integers": [1] * 490_000,
}


@pytest.mark.parametrize("value", COSTLY.values(), ids=COSTLY)
@pytest.mark.parametrize("name", ["createRecord", "putRecord"])
def test_a_record_that_is_costly_to_read_is_refused(alice, name, value):
    before = head(alice)
    record = {"collection": THING, "rkey": "k", "record": {"v": value}, "validate": False}
    response = alice.call(NS + name, repo=alice.did, **record)
    assert refusal(response) == (400, "InvalidRequest")
    assert "more than" in response.json()["message"]
    assert head(alice) == before


def test_a_batch_is_counted_as_a_whole(alice):
    batch = [write("create", f"k{n}", {"v": [{}] * 10_000}) for n in range(2)]
    assert refusal(apply(alice, *batch, validate=False)) == (400, "InvalidRequest")
    assert apply(alice, batch[0], validate=False).status_code == 200


def test_a_record_that_breaks_its_lexicon_names_the_field(alice):
    body = {"repo": alice.did, "collection": POST, "record": {"text": "x", "createdAt": "today"}}
    response = alice.call(NS + "createRecord", **body)
    assert refusal(response) == (400, "InvalidRequest")
    assert "createdAt" in response.json()["message"]


def test_unchecked_records_have_no_status(alice):
    assert "validationStatus" not in alice.create(POST, {"odd": True}, validate=False)


def test_a_taken_key_is_a_400(alice):
    alice.create(THING, {"n": 1}, rkey="k")
    body = {"repo": alice.did, "collection": THING, "rkey": "k", "record": {"n": 2}}
    assert refusal(alice.call(NS + "createRecord", **body)) == (400, "InvalidRequest")


@pytest.mark.parametrize("record", ["x", [], None, 5, True])
def test_a_record_is_an_object(alice, record):
    body = {"repo": alice.did, "collection": THING, "record": record}
    assert alice.call(NS + "createRecord", **body).status_code == 400


def test_someone_elses_repo_is_refused_in_every_writing_method(alice, bob):
    path = {"repo": alice.did, "collection": THING, "rkey": "k"}
    answers = [
        bob.call(NS + "createRecord", **path, record={"n": 1}),
        bob.call(NS + "putRecord", **path, record={"n": 1}),
        bob.call(NS + "deleteRecord", **path),
        bob.call(NS + "applyWrites", repo=alice.did, writes=[]),
    ]
    assert {refusal(answer) for answer in answers} == {(401, "AuthenticationRequired")}


def test_a_repo_that_nobody_has_cannot_be_written(alice):
    body = {"repo": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "collection": THING, "record": {"n": 1}}
    assert alice.call(NS + "createRecord", **body).status_code == 400


def test_a_taken_down_account_cannot_write(alice):
    status.take_down(Account.objects.get(did=alice.did))
    body = {"repo": alice.did, "collection": THING, "record": {"n": 1}}
    assert refusal(alice.call(NS + "createRecord", **body)) == (401, "AccountTakedown")


def test_putting_the_same_value_again_moves_nothing(alice):
    put(alice, "k", {"n": 1})
    before = head(alice)
    assert "commit" not in put(alice, "k", {"n": 1}).json()
    assert head(alice) == before


def test_a_put_replaces(alice, anyone):
    first, second = (put(alice, "k", {"n": n}).json() for n in (1, 2))
    assert first["cid"] != second["cid"]
    assert read(anyone, alice.did, "k").json()["value"]["n"] == 2


def test_an_old_version_is_gone(alice, anyone):
    first = put(alice, "k", {"n": 1}).json()
    put(alice, "k", {"n": 2})
    assert refusal(read(anyone, alice.did, "k", cid=first["cid"])) == (400, "RecordNotFound")


@pytest.mark.parametrize("swap", [None, OTHER_CID])
def test_a_swap_that_does_not_match_leaves_the_record(alice, anyone, swap):
    put(alice, "k", {"n": 1})
    assert refusal(put(alice, "k", {"n": 2}, swapRecord=swap)) == (400, "InvalidSwap")
    assert read(anyone, alice.did, "k").json()["value"]["n"] == 1


def test_a_null_swap_says_that_there_is_nothing_yet(alice):
    assert put(alice, "k", {"n": 1}, swapRecord=None).status_code == 200


def test_a_stale_commit_cannot_be_swapped(alice):
    stale = head(alice)["cid"]
    put(alice, "a", {"n": 1})
    assert refusal(put(alice, "b", {"n": 1}, swapCommit=stale)) == (400, "InvalidSwap")
    assert refusal(put(alice, "b", {"n": 1}, swapCommit="no cid")) == (400, "InvalidRequest")


def test_a_deleted_record_is_gone(alice, anyone):
    put(alice, "k", {"n": 1})
    answer = alice.call(NS + "deleteRecord", repo=alice.did, collection=THING, rkey="k").json()
    assert answer["commit"] == head(alice)
    assert refusal(read(anyone, alice.did, "k")) == (400, "RecordNotFound")


def test_deleting_nothing_is_fine(alice):
    answer = alice.call(NS + "deleteRecord", repo=alice.did, collection=THING, rkey="k")
    assert (answer.status_code, answer.json()) == (200, {})


def test_an_old_profile_is_put_with_its_avatar_in_todays_form(alice, anyone):
    avatar = alice.send(NS + "uploadBlob", PNG, "image/png").json()["blob"]
    old = {"cid": avatar["ref"]["$link"], "mimeType": "image/jpeg"}
    body = {"repo": alice.did, "collection": PROFILE, "rkey": "self"}
    put_again = {"displayName": "Alice", "avatar": old}
    assert alice.call(NS + "putRecord", **body, record=put_again).status_code == 200
    shown = read(anyone, alice.did, "self", PROFILE).json()["value"]
    assert shown == {"$type": PROFILE, "displayName": "Alice", "avatar": avatar}


def test_a_batch_answers_in_its_order(alice):
    put(alice, "b", {"n": 1})
    batch = [write("create", "a", {"n": 1}), write("update", "b", {"n": 2})]
    results = apply(alice, *batch).json()["results"]
    kinds = [result["$type"].rpartition("#")[2] for result in results]
    assert kinds == ["createResult", "updateResult"]
    assert [result["uri"].rpartition("/")[2] for result in results] == ["a", "b"]


def test_a_delete_in_a_batch_has_a_result_without_fields(alice):
    put(alice, "a", {"n": 1})
    results = apply(alice, write("delete", "a")).json()["results"]
    assert results == [{"$type": NS + "applyWrites#deleteResult"}]


def test_a_batch_may_delete_a_record_and_create_it_again(alice, anyone):
    put(alice, "a", {"n": 1})
    results = apply(alice, write("delete", "a"), write("create", "a", {"n": 2})).json()["results"]
    assert [result["$type"].rpartition("#")[2] for result in results] == [
        "deleteResult",
        "createResult",
    ]
    shown = read(anyone, alice.did, "a").json()
    assert (shown["cid"], shown["value"]["n"]) == (results[1]["cid"], 2)


def test_an_empty_batch_changes_nothing(alice):
    before = head(alice)
    assert apply(alice).json() == {"results": []}
    assert head(alice) == before


def test_one_bad_write_refuses_the_batch(alice, anyone):
    response = apply(alice, write("create", "a", {"n": 1}), write("delete", "missing"))
    assert response.status_code == 400
    assert read(anyone, alice.did, "a").status_code == 400


def test_a_batch_has_at_most_200_writes(alice):
    response = apply(alice, *[write("create", f"k{n}", {"n": n}) for n in range(201)])
    assert response.json()["message"] == "Too many writes. Max: 200"


def test_records_are_listed_newest_key_first(alice, anyone):
    apply(alice, *[write("create", f"k{n}", {"n": n}) for n in range(5)])
    page = anyone.query(NS + "listRecords", repo=alice.did, collection=THING, limit=2).json()
    assert [record["value"]["n"] for record in page["records"]] == [4, 3]
    asked = {"repo": alice.did, "collection": THING, "cursor": page["cursor"]}
    rest = anyone.query(NS + "listRecords", **asked).json()
    assert [record["value"]["n"] for record in rest["records"]] == [2, 1, 0]


def test_records_are_listed_oldest_key_first_on_demand(alice, anyone):
    apply(alice, *[write("create", f"k{n}", {"n": n}) for n in range(3)])
    asked = {"repo": alice.did, "collection": THING, "reverse": "true"}
    records = anyone.query(NS + "listRecords", **asked).json()["records"]
    assert [record["value"]["n"] for record in records] == [0, 1, 2]


def test_an_unused_collection_is_an_empty_list(alice, anyone):
    answer = anyone.query(NS + "listRecords", repo=alice.did, collection=THING).json()
    assert answer == {"records": []}


def test_a_repo_is_described(alice, anyone):
    put(alice, "k", {"n": 1})
    answer = anyone.query(NS + "describeRepo", repo="alice.test").json()
    assert (answer["did"], answer["handle"]) == (alice.did, "alice.test")
    assert (answer["collections"], answer["handleIsCorrect"]) == ([THING], True)


@pytest.mark.parametrize("method", ["describeRepo", "listRecords", "getRecord"])
def test_a_repo_of_another_tenant_is_unknown(mallory, anyone, method):
    mallory.create(THING, {"n": 1}, rkey="k")
    asked = {"repo": mallory.did, "collection": THING, "rkey": "k"}
    assert anyone.query(NS + method, **asked).status_code == 400


def test_an_unknown_repo_is_called_by_the_name_it_was_asked_for(alice, anyone):
    asked = {"repo": "nobody.test", "collection": THING}
    expected = {"error": "InvalidRequest", "message": "Could not find repo: nobody.test"}
    assert anyone.query(NS + "describeRepo", **asked).json() == expected
    assert anyone.query(NS + "listRecords", **asked).json() == expected
    assert alice.call(NS + "createRecord", **asked, record={}).json() == expected


def test_an_upload_answers_a_blob_reference(alice):
    blob = alice.send(NS + "uploadBlob", b"some bytes", "text/plain").json()["blob"]
    assert (blob["$type"], blob["mimeType"], blob["size"]) == ("blob", "text/plain", 10)
    assert blob["ref"]["$link"].startswith("bafkrei")


def test_an_upload_needs_a_type(alice):
    assert refusal(alice.send(NS + "uploadBlob", b"x", "")) == (400, "InvalidRequest")


def test_an_upload_over_the_hosts_limit_is_refused(alice, settings):
    settings.BLOB_LIMIT_BYTES = 5
    response = alice.send(NS + "uploadBlob", b"123456", "text/plain")
    assert refusal(response) == (413, "PayloadTooLarge")


def test_an_upload_without_a_body_is_none_and_an_empty_one_is_a_blob(alice):
    missing = alice.send(NS + "uploadBlob", b"", "text/plain")
    as_it_is = {"CONTENT_LENGTH": "0", "CONTENT_TYPE": "text/plain"}
    empty = alice.send(NS + "uploadBlob", b"", **as_it_is)
    assert missing.json()["message"] == "A request body is expected but none was provided"
    assert (empty.status_code, empty.json()["blob"]["size"]) == (200, 0)


def test_a_record_cannot_refer_to_what_was_never_uploaded(alice):
    link = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    blob = {"$type": "blob", "ref": {"$link": link}, "mimeType": "text/plain", "size": 1}
    answer = put(alice, "k", {"blob": blob})
    assert refusal(answer) == (400, "BlobNotFound")
    assert answer.json()["message"] == f"Could not find blob: {link}"
