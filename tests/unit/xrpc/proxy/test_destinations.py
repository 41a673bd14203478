"""Who answers: whom the caller names, else whom the operator chose for methods of the kind."""

import pytest

from hosting.models import Host
from protocol.errors import InvalidRequest
from xrpc.proxy import destinations
from xrpc.proxy.destinations import Service, UnresolvedService

VIEW = "did:web:view.example.com"
HOST = Host()  # one that chose nothing of its own


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
        destinations.named(HOST, header)


def test_a_header_names_a_service():
    assert destinations.named(HOST, "did:web:a.example#x") == Service("did:web:a.example", "x")


def test_the_operators_app_view_has_the_operators_url():
    assert destinations.named(HOST, f"{VIEW}#bsky_appview").url == "https://view.example.com"
    assert destinations.named(HOST, f"{VIEW}#bsky_appview").is_default_appview


def test_another_service_of_the_same_did_is_looked_up():
    assert destinations.named(HOST, f"{VIEW}#bsky_notif").url == ""


def test_unknown_methods_go_to_the_app_view():
    assert destinations.chosen(HOST, None, "com.example.anything") == destinations.app_view(HOST)


def test_the_header_wins():
    assert (
        destinations.chosen(HOST, "did:web:a.example#x", "com.example.y").did == "did:web:a.example"
    )


def test_reports_go_to_the_report_service():
    service = destinations.default_of(HOST, "com.atproto.moderation.createReport")
    assert (service.url, service.id) == ("https://desk.example.com", "atproto_labeler")


def test_moderators_tools_go_nowhere_unless_configured(settings):
    assert destinations.default_of(HOST, "tools.ozone.team.listMembers") is None
    settings.MODERATION_URL, settings.MODERATION_DID = "https://mod.example.com", "did:web:mod"
    assert destinations.default_of(HOST, "tools.ozone.team.listMembers").did == "did:web:mod"


def test_half_a_configuration_is_none(settings):
    settings.APPVIEW_DID = ""
    assert destinations.app_view(HOST) is None


def test_a_did_that_is_none_is_an_unresolved_service():
    with pytest.raises(UnresolvedService):
        destinations.named(HOST, "did:nothing#x")


def test_a_hosts_own_services_win():
    own = Host(
        appview_url="https://own.example", appview_did="did:web:own",
        report_url="https://desk.own.example", report_did="did:web:owndesk",
        moderation_url="https://mod.own.example", moderation_did="did:web:ownmod",
    )  # fmt: skip
    assert destinations.app_view(own) == Service("did:web:own", "bsky_appview", own.appview_url)
    assert destinations.named(own, "did:web:own#bsky_appview").is_default_appview
    assert not destinations.named(own, f"{VIEW}#bsky_appview").is_default_appview
    assert destinations.default_of(own, "com.atproto.moderation.createReport").url == own.report_url
    assert destinations.default_of(own, "tools.ozone.team.listMembers").url == own.moderation_url


def test_the_store_of_images_is_the_app_views(settings):
    settings.APPVIEW_CDN = "https://cdn.example/{preset}/{did}/{cid}"
    own = {"appview_url": "https://own.example", "appview_did": "did:web:own"}
    assert destinations.appview_cdn(HOST) == settings.APPVIEW_CDN
    assert destinations.appview_cdn(Host(**own)) == ""
    assert destinations.appview_cdn(Host(**own, appview_cdn="https://c/{cid}")) == "https://c/{cid}"


def test_half_of_a_hosts_own_choice_is_none():
    assert destinations.app_view(Host(appview_url="https://own.example")).did == VIEW
