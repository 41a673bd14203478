"""com.atproto.temp.*: what helps people who sign up."""

from tests.api.test_admin import done, refused

NS = "com.atproto.temp."
UNAVAILABLE = NS + "checkHandleAvailability#resultUnavailable"


def check(api, handle, **more):
    return api.query(NS + "checkHandleAvailability", handle=handle, **more)


def test_a_free_handle_is_available(anyone):
    assert done(check(anyone, "carol.test")) == {
        "handle": "carol.test",
        "result": {"$type": NS + "checkHandleAvailability#resultAvailable"},
    }


def test_instead_of_a_taken_one_others_are_suggested(anyone, alice):
    result = done(check(anyone, alice.handle, email="alice.l@example.com"))["result"]
    assert result["$type"] == UNAVAILABLE
    assert result["suggestions"][0] == {"handle": "alicel.test", "method": "email"}
    for suggestion in result["suggestions"]:
        answer = done(check(anyone, suggestion["handle"]))
        assert answer["result"]["$type"].endswith("#resultAvailable")


def test_a_handle_of_another_domain_cannot_be_had_here(anyone):
    assert done(check(anyone, "carol.example.com"))["result"]["$type"] == UNAVAILABLE


def test_an_address_that_cannot_sign_up_is_named(anyone):
    assert refused(check(anyone, "carol.test", email="x@mailinator.com"))[:2] == (
        400,
        "InvalidEmail",
    )


def test_whoever_has_a_session_is_through(alice):
    assert done(alice.query(NS + "checkSignupQueue")) == {"activated": True}
