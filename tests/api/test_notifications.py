"""registerPush and unregisterPush: to the service that the input names."""

import orjson
import pytest

from tests.api.relayed import claims, labeler, post, view

__all__ = ["labeler", "view"]

REGISTER = "app.bsky.notification.registerPush"
BOTH = [REGISTER, "app.bsky.notification.unregisterPush"]


def device(service_did: str) -> dict[str, str]:
    return {"serviceDid": service_did, "token": "t", "platform": "web", "appId": "app"}


@pytest.mark.parametrize("nsid", BOTH)
def test_a_device_is_made_known_to_its_service(alice, labeler, nsid):
    assert post(alice, nsid, device(labeler.did)).status == 200
    seen = labeler.last()
    assert (seen.target, orjson.loads(seen.body)) == (f"/xrpc/{nsid}", device(labeler.did))
    assert claims(seen.headers["authorization"])["aud"] == labeler.did


@pytest.mark.parametrize("nsid", BOTH)
def test_the_app_view_is_its_own_service(alice, view, nsid):
    assert post(alice, nsid, device(view.did)).status == 200
    assert [one.target for one in view.seen] == [f"/xrpc/{nsid}"]


def test_a_service_that_offers_no_notifications_is_refused(alice, labeler):
    labeler.offers(atproto_labeler=labeler.url)
    assert post(alice, REGISTER, device(labeler.did)).refusal == (400, "InvalidRequest")


def test_a_service_named_in_the_header_gets_the_call(alice, view, labeler):
    named = f"{labeler.did}#atproto_labeler"
    post(alice, REGISTER, device(view.did), HTTP_ATPROTO_PROXY=named)
    assert (len(view.seen), labeler.last().target) == (0, f"/xrpc/{REGISTER}")


def test_an_input_that_names_no_service_is_refused(alice, view):
    assert post(alice, REGISTER, {"token": "t"}).refusal == (400, "InvalidRequest")
