"""com.atproto.label.* through HTTP: to anybody, at every host of the labeler's tenant."""

import pytest

from accounts.models import Account
from hosting.tenancy import provisioning
from moderation.labels import changes
from tests import factories
from tests.api.clients import Api
from tests.api.relayed import claims, get
from tests.api.relayed import labeler as labeler_elsewhere
from tests.upstreams import answering

__all__ = ["labeler_elsewhere"]
QUERY = "com.atproto.label.queryLabels"
POST = "at://did:plc:bob/app.bsky.feed.post/a"


@pytest.fixture
def labeler(alice):
    return factories.labeler(Account.objects.select_related("host").get(did=alice.did))


@pytest.fixture
def spam(labeler):
    changes.put(labeler, POST, "spam", actor="admin", reason="seen")


def error_of(response) -> tuple[int, str, str]:
    return response.status_code, response.json()["error"], response.json()["message"]


def test_anybody_reads_a_label(anyone, labeler, spam):
    (label,) = anyone.query(QUERY, uriPatterns=POST).json()["labels"]
    assert label["sig"].keys() == {"$bytes"}
    assert (label["ver"], label["src"], label["uri"], label["val"]) == (
        1,
        labeler.did,
        POST,
        "spam",
    )
    assert "neg" not in label


def test_every_host_of_the_tenant_answers(ash, labeler, spam):
    other = provisioning.create_host(
        ash.tenant, "two.localhost", "http://two.localhost", [".two.test"]
    )
    assert len(Api(other).query(QUERY, uriPatterns="*").json()["labels"]) == 1


def test_where_there_is_no_labeler_nothing_was_said(anyone):
    assert anyone.query(QUERY, uriPatterns="*").json() == {"labels": []}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"uriPatterns": "*", "cursor": "x"}, "invalid cursor"),
        ({"uriPatterns": "a*b"}, "invalid pattern: a*b"),
        ({"uriPatterns": ["*", "did:*:x"]}, "invalid pattern: did:*:x"),
    ],
)
def test_a_question_that_means_nothing_is_refused(anyone, labeler, asked, said):
    assert error_of(anyone.query(QUERY, **asked)) == (400, "InvalidRequest", said)


@pytest.mark.parametrize(
    "asked", [{}, {"uriPatterns": "*", "limit": 0}, {"uriPatterns": "*", "limit": 251}]
)
def test_the_lexicon_bounds_the_question(anyone, asked):
    assert anyone.query(QUERY, **asked).status_code == 400


def test_a_pattern_of_odd_bytes_finds_nothing_and_breaks_nothing(anyone, labeler, spam):
    for pattern in ("at://\ud800*".encode("utf-8", "surrogatepass"), b"a\0*", b"%00*", b"\xff*"):
        answer = anyone.get(
            f"/xrpc/{QUERY}?uriPatterns=" + "".join(f"%{byte:02x}" for byte in pattern)
        )
        assert answer.status_code in {200, 400}


def test_a_page_ends_with_a_cursor(anyone, labeler, spam):
    changes.put(labeler, POST, "rude", actor="admin", reason="seen")
    page = anyone.query(QUERY, uriPatterns="*", limit=1).json()
    rest = anyone.query(QUERY, uriPatterns="*", limit=1, cursor=page["cursor"]).json()
    assert [label["val"] for label in page["labels"] + rest["labels"]] == ["spam", "rude"]


def test_a_question_to_another_labeler_goes_there(alice, labeler_elsewhere, spam):
    labeler_elsewhere.answers(QUERY, answering({"labels": []}))
    named = {"HTTP_ATPROTO_PROXY": f"{labeler_elsewhere.did}#atproto_labeler"}
    asked = {"uriPatterns": "*"}
    answer = get(alice, QUERY, asked, **named, HTTP_ATPROTO_ACCEPT_LABELERS="did:plc:x")
    assert answer.json() == {"labels": []}
    sent = labeler_elsewhere.last().headers
    assert sent["atproto-accept-labelers"] == "did:plc:x"
    assert claims(sent["authorization"])["lxm"] == QUERY


def test_a_question_to_the_labeler_here_is_answered(alice, labeler, spam):
    named = {"HTTP_ATPROTO_PROXY": f"{labeler.did}#atproto_labeler"}
    assert len(get(alice, QUERY, {"uriPatterns": "*"}, **named).json()["labels"]) == 1


def test_nobody_asks_another_labeler_without_an_account(anyone, labeler):
    path = f"/xrpc/{QUERY}?uriPatterns=*"
    answer = anyone.get(path, HTTP_ATPROTO_PROXY="did:web:other.example#atproto_labeler")
    assert answer.status_code == 401
