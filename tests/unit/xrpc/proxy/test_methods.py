"""Which methods may leave, whatever the case of their letters."""

import pytest

from xrpc.proxy import methods


@pytest.mark.parametrize(
    "nsid",
    ["com.atproto.server.getSession", "com.atproto.server.GETSESSION",
     "com.atproto.admin.sendEmail", "com.ATPROTO.identity.signPlcOperation"],
)  # fmt: skip
def test_methods_of_the_account_itself_never_leave(nsid):
    assert methods.is_protected(nsid)


def test_sixteen_methods_are_protected():
    assert len(methods.PROTECTED) == 16


@pytest.mark.parametrize("nsid", ["com.atproto.repo.getRecord", "app.bsky.feed.getTimeline"])
def test_others_may_leave(nsid):
    assert not methods.is_protected(nsid)
    assert not methods.needs_privilege(nsid)


@pytest.mark.parametrize(
    "nsid",
    ["chat.bsky.convo.getLog", "CHAT.bsky.convo.GetLog", "chat.bsky.something.new",
     "com.atproto.server.createAccount", "com.atproto.server.CreateAccount"],
)  # fmt: skip
def test_messages_and_moving_need_privilege(nsid):
    assert methods.needs_privilege(nsid)


def test_a_name_that_merely_begins_alike_needs_none():
    assert not methods.needs_privilege("chat.bskyish.convo.getLog")
