import pytest

from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import blobs, legacy_profiles
from repos.reads.repos import RepoRow
from tests.unit.repos.blobs.uploads import upload, using

PROFILE = "app.bsky.actor.profile"


def early(blob_cid: bytes) -> dict[str, str]:
    return {"cid": cid.to_text(blob_cid), "mimeType": "image/jpeg"}


def test_avatar_and_banner_get_the_form_type_and_size_of_the_upload(repo: RepoRow) -> None:
    ref = upload(repo, b"hello")
    old = {"displayName": "x", "avatar": early(ref.cid), "banner": early(ref.cid)}
    blob = using(ref)["blobs"][0]
    new = legacy_profiles.renewed(repo.id, PROFILE, old)
    assert new == {"displayName": "x", "avatar": blob, "banner": blob}


@pytest.mark.parametrize(
    "record", [{"pinned": "x"}, {"avatar": {"cid": 1, "mimeType": "x"}}, [], 5]
)
def test_what_has_no_early_blob_stays_as_it_is(repo: RepoRow, record: object) -> None:
    assert legacy_profiles.renewed(repo.id, PROFILE, record) == record


def test_other_collections_stay_as_they_are(repo: RepoRow) -> None:
    record = {"avatar": early(upload(repo, b"hello").cid)}
    assert legacy_profiles.renewed(repo.id, "com.example.thing", record) is record


def test_a_blob_of_nobody_is_refused(repo: RepoRow) -> None:
    with pytest.raises(blobs.BlobNotFound):
        legacy_profiles.renewed(repo.id, PROFILE, {"avatar": early(cid.of_raw(b"hello"))})


def test_a_blob_of_another_repo_is_refused(repo: RepoRow, new_account) -> None:
    ref = upload(repo, b"hello")
    with pytest.raises(blobs.BlobNotFound):
        legacy_profiles.renewed(new_account().id, PROFILE, {"avatar": early(ref.cid)})


def test_what_is_no_cid_is_refused(repo: RepoRow) -> None:
    with pytest.raises(InvalidRequest):
        legacy_profiles.renewed(repo.id, PROFILE, {"avatar": {"cid": "x", "mimeType": "y"}})
