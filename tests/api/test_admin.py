"""com.atproto.admin.* through HTTP: what the admin sees, changes, takes down."""

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.identity.keys import reserved_keys
from accounts.models import Account, ReservedKey
from hosting.mail.models import OutgoingMail
from hosting.tenancy import routing
from moderation.models import AuditEntry
from tests.api.clients import Admin

NS = "com.atproto.admin."
NOBODY = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
POST = "com.example.grove.thing"


@pytest.fixture
def admin(ash) -> Admin:
    ash.admin_password = make_password("sesame")
    ash.save()
    routing.forget()
    return Admin(ash)


def done(response):
    assert response.status_code == 200, response.content
    return response.json() if response.content else None


def refused(response) -> tuple[int, str, str]:
    said = response.json()
    return response.status_code, said["error"], said["message"]


def take_down(admin, subject, applied=True, ref="case-1", **more):
    mark = {"applied": applied, **({"ref": ref} if applied else {})}
    return admin.call(NS + "updateSubjectStatus", subject=subject, takedown=mark, **more)


def account_of(did):
    return {"$type": "com.atproto.admin.defs#repoRef", "did": did}


def test_an_account_is_shown_with_what_staff_need(admin, alice):
    view = done(admin.query(NS + "getAccountInfo", did=alice.did))
    assert view["did"] == alice.did
    assert (view["handle"], view["email"]) == (alice.handle, alice.email)
    assert (view["invites"], view["invitesDisabled"]) == ([], False)
    assert "deactivatedAt" not in view
    assert "inviteNote" not in view


def test_moments_are_shown_when_there_were_any(admin, alice):
    now = timezone.now()
    Account.objects.filter(did=alice.did).update(email_confirmed_at=now, deactivated_at=now)
    view = done(admin.query(NS + "getAccountInfo", did=alice.did))
    assert view["emailConfirmedAt"] == view["deactivatedAt"]


def test_an_unknown_account_is_not_found(admin):
    answer = admin.query(NS + "getAccountInfo", did=NOBODY)
    assert refused(answer) == (400, "NotFound", "Account not found")


def test_of_several_the_unknown_are_left_out(admin, alice, bob):
    infos = done(admin.query(NS + "getAccountInfos", dids=[bob.did, NOBODY, alice.did]))["infos"]
    assert [info["did"] for info in infos] == [bob.did, alice.did]


def test_accounts_are_found_by_address_page_by_page(admin, alice, bob):
    found = done(admin.query(NS + "searchAccounts", email=alice.email))
    assert [one["did"] for one in found["accounts"]] == [alice.did]
    page = done(admin.query(NS + "searchAccounts", limit=1))
    rest = done(admin.query(NS + "searchAccounts", limit=1, cursor=page["cursor"]))
    assert [page["accounts"][0]["did"], rest["accounts"][0]["did"]] == [bob.did, alice.did]


def test_a_taken_down_account_says_so_with_its_mark(admin, alice):
    answer = done(take_down(admin, account_of(alice.did)))
    assert answer == {
        "subject": account_of(alice.did), "takedown": {"applied": True, "ref": "case-1"},
    }  # fmt: skip
    status = done(admin.query(NS + "getSubjectStatus", did=alice.did))
    assert status["takedown"] == {"applied": True, "ref": "case-1"}
    assert status["deactivated"] == {"applied": False}


def test_only_the_admin_still_reads_it(admin, alice, anyone):
    take_down(admin, account_of(alice.did))
    read = "com.atproto.sync.getLatestCommit"
    assert refused(anyone.query(read, did=alice.did))[1] == "RepoTakendown"
    assert admin.query(read, did=alice.did).status_code == 200


def test_each_repetition_is_logged(admin, alice):
    for _ in range(2):
        done(take_down(admin, account_of(alice.did)))
    done(take_down(admin, account_of(alice.did), applied=False))
    entries = AuditEntry.objects.filter(subject_did=alice.did).order_by("id")
    actions = ["account.take_down", "account.take_down", "account.restore"]
    assert [entry.action for entry in entries] == actions
    assert {(entry.actor, entry.staff) for entry in entries} == {("admin", None)}


def test_nobody_is_taken_down_and_woken_in_one_breath(admin, alice):
    answer = take_down(admin, account_of(alice.did), deactivated={"applied": False})
    message = "Cannot activate and takedown an account at the same time"
    assert refused(answer) == (400, "InvalidRequest", message)
    assert not Account.objects.get(did=alice.did).taken_down_at


def test_taken_down_and_deactivated_together_is_fine(admin, alice):
    done(take_down(admin, account_of(alice.did), deactivated={"applied": True}))
    status = done(admin.query(NS + "getSubjectStatus", did=alice.did))
    assert (status["takedown"]["applied"], status["deactivated"]["applied"]) == (True, True)


def test_who_is_taken_down_is_not_woken(admin, alice):
    done(take_down(admin, account_of(alice.did)))
    answer = admin.call(
        NS + "updateSubjectStatus", subject=account_of(alice.did), deactivated={"applied": False}
    )
    assert refused(answer)[:2] == (400, "AccountNotFound")


def test_a_deactivation_comes_and_goes(admin, alice):
    for applied in (True, False):
        done(
            admin.call(
                NS + "updateSubjectStatus",
                subject=account_of(alice.did),
                deactivated={"applied": applied},
            )
        )
        status = done(admin.query(NS + "getSubjectStatus", did=alice.did))
        assert status["deactivated"] == {"applied": applied}


def test_a_record_is_hidden_and_shown_again(admin, alice, anyone):
    made = alice.create(POST, {"n": 1}, rkey="k")
    subject = {"$type": "com.atproto.repo.strongRef", "uri": made["uri"], "cid": made["cid"]}
    read = {"repo": alice.did, "collection": POST, "rkey": "k"}
    done(take_down(admin, subject))
    assert refused(anyone.query("com.atproto.repo.getRecord", **read))[1] == "RecordNotFound"
    status = done(admin.query(NS + "getSubjectStatus", uri=made["uri"]))
    assert (status["subject"], status["takedown"]["ref"]) == (subject, "case-1")
    done(take_down(admin, subject, applied=False))
    assert anyone.query("com.atproto.repo.getRecord", **read).status_code == 200


def test_a_blob_goes_and_comes_back(admin, alice, anyone):
    blob = alice.send("com.atproto.repo.uploadBlob", b"bytes", "text/plain").json()["blob"]
    alice.create(POST, {"blob": blob})
    asked = {"did": alice.did, "cid": blob["ref"]["$link"]}
    subject = {"$type": "com.atproto.admin.defs#repoBlobRef", **asked}
    done(take_down(admin, subject))
    assert anyone.query("com.atproto.sync.getBlob", **asked).status_code == 400
    status = done(admin.query(NS + "getSubjectStatus", did=alice.did, blob=asked["cid"]))
    assert (status["subject"], status["takedown"]) == (subject, {"applied": True, "ref": "case-1"})
    done(take_down(admin, subject, applied=False))
    assert anyone.query("com.atproto.sync.getBlob", **asked).status_code == 200


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "No provided subject"),
        ({"blob": "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"},
         "Must provide a did to request blob state"),
    ],
)  # fmt: skip
def test_a_status_needs_a_subject(admin, asked, message):
    assert refused(admin.query(NS + "getSubjectStatus", **asked))[2] == message


@pytest.mark.parametrize("part", ["", "/com.example.grove.thing/none", "/com.example.grove.thing"])
def test_what_is_not_here_has_no_status(admin, alice, part):
    asked = {"uri": f"at://{alice.did}{part}"} if part else {"did": NOBODY}
    assert refused(admin.query(NS + "getSubjectStatus", **asked))[1] == "NotFound"


def test_a_subject_of_no_kind_is_refused(admin):
    answer = take_down(admin, {"$type": "com.example.thing"})
    assert refused(answer)[2] == "Invalid subject"


def test_an_address_is_changed_by_did_and_by_handle(admin, alice):
    for account, email in ((alice.did, "One@example.com"), (alice.handle, "two@example.com")):
        done(admin.call(NS + "updateAccountEmail", account=account, email=email))
        assert Account.objects.get(did=alice.did).email == email.lower()


def test_a_password_is_changed_and_sessions_end(admin, alice, anyone):
    done(admin.call(NS + "updateAccountPassword", did=alice.did, password="quite another"))
    nsid = "com.atproto.server."
    assert alice.refreshing().send(nsid + "refreshSession").status_code == 400
    login = anyone.call(nsid + "createSession", identifier=alice.did, password="quite another")
    assert login.status_code == 200


def test_an_email_goes_out_in_the_hosts_name(admin, alice):
    asked = {"recipientDid": alice.did, "senderDid": alice.did, "content": "Hello <b>you</b>"}
    assert done(admin.call(NS + "sendEmail", **asked)) == {"sent": True}
    email = OutgoingMail.objects.get(recipient=alice.email)
    assert (email.subject, "Hello you" in email.text) == ("Message via your PDS", True)


def test_an_email_to_nobody_is_refused(admin):
    asked = {"recipientDid": NOBODY, "senderDid": NOBODY, "content": "x"}
    assert refused(admin.call(NS + "sendEmail", **asked))[2] == "Recipient not found"


def test_staff_give_out_reserved_words_as_handles(admin, alice):
    done(admin.call(NS + "updateAccountHandle", did=alice.did, handle="support.test"))
    assert Account.objects.get(did=alice.did).handle == "support.test"


def test_other_rules_hold_for_staff_too(admin, alice, bob):
    for handle in (bob.handle, "x.test", "a.b.test"):
        answer = admin.call(NS + "updateAccountHandle", did=alice.did, handle=handle)
        assert answer.status_code == 400
    assert Account.objects.get(did=alice.did).handle == alice.handle


def test_an_account_is_deleted_and_stays_so(admin, alice):
    done(admin.call(NS + "deleteAccount", did=alice.did))
    assert refused(admin.query(NS + "getAccountInfo", did=alice.did))[1] == "NotFound"
    assert refused(admin.call(NS + "deleteAccount", did=alice.did))[:2] == (400, "NotFound")
    assert AuditEntry.objects.get(action="account.delete").subject_did == alice.did


def test_a_reserved_key_becomes_the_signing_key(admin, alice):
    key = reserved_keys.reserve(admin.host)
    done(admin.call(NS + "updateAccountSigningKey", did=alice.did, signingKey=key))
    assert Account.objects.get(did=alice.did).signing_did_key == key


def test_a_key_that_is_not_here_is_refused(admin, alice, bob):
    bobs = Account.objects.get(did=bob.did).signing_did_key
    stranger = "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
    for key in (bobs, stranger):
        answer = admin.call(NS + "updateAccountSigningKey", did=alice.did, signingKey=key)
        assert refused(answer)[:2] == (400, "InvalidRequest")


def test_another_tenants_account_is_unknown(admin, mallory_did):
    for answer in (
        admin.query(NS + "getAccountInfo", did=mallory_did),
        admin.query(NS + "getSubjectStatus", did=mallory_did),
        take_down(admin, account_of(mallory_did)),
        admin.call(NS + "deleteAccount", did=mallory_did),
    ):
        assert refused(answer)[1] == "NotFound"


@pytest.fixture
def mallory_did(mallory) -> str:
    return mallory.did


def test_the_sweep_of_reserved_keys_leaves_it_alone(admin, alice):
    key = reserved_keys.reserve(admin.host, alice.did)
    done(admin.call(NS + "updateAccountSigningKey", did=alice.did, signingKey=key))
    assert not ReservedKey.objects.exists()
    assert alice.create(POST, {"n": 1})


def test_a_key_reserved_for_somebody_else_is_refused(admin, alice, bob):
    key = reserved_keys.reserve(admin.host, bob.did)
    answer = admin.call(NS + "updateAccountSigningKey", did=alice.did, signingKey=key)
    assert refused(answer)[:2] == (400, "InvalidRequest")
