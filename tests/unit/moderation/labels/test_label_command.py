"""`manage.py label`."""

import io

import pytest
from django.core.management import CommandError, call_command

from moderation.models import AuditEntry, Label, Labeler

pytestmark = pytest.mark.django_db
POST = "at://did:plc:bob/app.bsky.feed.post/a"
PUT = ("put", "--host", "localhost", POST, "spam", "--reason", "seen")


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("label", *arguments, stdout=out)
    return out.getvalue()


def test_a_label_is_put_listed_and_taken_back(labeler):
    assert said(*PUT) == "done\n"
    assert said(*PUT) == "nothing to do\n"
    assert said("list", "--host", "localhost") == f"{POST} spam\n"
    assert said("list", "--host", "localhost", POST) == f"{POST} spam\n"
    said("negate", "--host", "localhost", POST, "spam", "--reason", "mended")
    assert said("list", "--host", "localhost") == ""


def test_a_redacted_label_leaves_the_stream(labeler):
    said(*PUT)
    said("redact", "--host", "localhost", POST, "spam", "--reason", "it named somebody")
    assert Label.objects.get().is_negation


def test_the_log_says_who(labeler, moderator):
    said(*PUT, "--by", moderator.get_username())
    assert AuditEntry.objects.get().staff == moderator


def test_a_label_may_end(labeler):
    assert "until 2999-12-31" in said(*PUT, "--until", "2999-12-31T00:00:00Z") + said(
        "list", "--host", "localhost"
    )


def test_a_labeler_is_retired_with_all_that_it_says(labeler):
    said(*PUT)
    Labeler.objects.update(account=None)  # its identity is its owner's affair by now
    retire = ("retire", "--host", "localhost", "--reason", "closing down")
    assert said(*retire) == "done\n"
    assert said(*retire) == "nothing to do\n"
    assert Label.objects.get(is_current=True).is_negation
    with pytest.raises(CommandError, match="retired"):
        said(*PUT)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--until", "tomorrow"),
        ("--until", "2001-01-01T00:00:00Z"),
        ("--until", "2999-13-01T00:00:00Z"),
        ("--by", "nobody"),
        ("--cid", "nonsense"),
    ],
)
def test_what_does_not_fit_is_refused(labeler, wrong):
    with pytest.raises(CommandError):
        said(*PUT, *wrong)
    assert not Label.objects.exists()


def test_a_tenant_without_a_labeler_has_none(birch):
    with pytest.raises(CommandError, match="no labeler"):
        said("list", "--host", "birch.localhost")
