"""Who answers: whom the caller names, else whom the operator chose for methods of the kind."""

import pytest

from protocol.errors import InvalidRequest
from xrpc.proxy import destinations
from xrpc.proxy.destinations import Service, UnresolvedService

VIEW = "did:web:view.example.com"


@pytest.fixture(autouse=True)
def configured(settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = "https://view.example.com", VIEW
    settings.REPORT_URL, settings.REPORT_DID = "https://desk.example.com", "did:web:desk"
    settings.MODERATION_URL = settings.MODERATION_DID = ""


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("#atproto_labeler", "no did specified in proxy header"),
        ("did:web:a.example", "no service id specified in proxy header"),
        ("did:web:a.example#", "no service id specified in proxy header"),
        ("did:web:a.example#a#b", "invalid proxy header format"),
        ("did:web:a.example #a", "proxy header cannot contain spaces"),
        ("did:web:a.example#a b", "proxy header cannot contain spaces"),
        ("foo#bar", "could not resolve proxy did"),
    ],
)
def test_a_header_that_names_nobody_is_refused(header, message):
    with pytest.raises(InvalidRequest, match=message):
        destinations.named(header)


def test_a_header_names_a_service():
    assert destinations.named("did:web:a.example#x") == Service("did:web:a.example", "x")


def test_the_operators_app_view_has_the_operators_url():
    assert destinations.named(f"{VIEW}#bsky_appview").url == "https://view.example.com"
    assert destinations.named(f"{VIEW}#bsky_appview").is_default_appview


def test_another_service_of_the_same_did_is_looked_up():
    assert destinations.named(f"{VIEW}#bsky_notif").url == ""


def test_unknown_methods_go_to_the_app_view():
    assert destinations.chosen(None, "com.example.anything") == destinations.app_view()


def test_the_header_wins():
    assert destinations.chosen("did:web:a.example#x", "com.example.y").did == "did:web:a.example"


def test_reports_go_to_the_report_service():
    service = destinations.default_of("com.atproto.moderation.createReport")
    assert (service.url, service.id) == ("https://desk.example.com", "atproto_labeler")


def test_moderators_tools_go_nowhere_unless_configured(settings):
    assert destinations.default_of("tools.ozone.team.listMembers") is None
    settings.MODERATION_URL, settings.MODERATION_DID = "https://mod.example.com", "did:web:mod"
    assert destinations.default_of("tools.ozone.team.listMembers").did == "did:web:mod"


def test_half_a_configuration_is_none(settings):
    settings.APPVIEW_DID = ""
    assert destinations.app_view() is None


def test_a_did_that_is_none_is_an_unresolved_service():
    with pytest.raises(UnresolvedService):
        destinations.named("did:nothing#x")
