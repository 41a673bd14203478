"""Well-formed requests for the pages: what the console's and the account pages' forms send."""

from urllib.parse import parse_qsl, quote, urlencode

from tests.fuzz import sign_ins

_LINK = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
_REASON = {"reason": "spam"}
_CONSOLE = {
    "look-up/": {"q": "alice.test"},
    "accounts/$DID/": {"record": "com.example.thing/k"},
    "accounts/account/": {"q": "alice", "status__exact": "active", "host": "1", "o": "1", "p": "1"},
    "accounts/invitecode/": {"q": "x", "is_disabled__exact": "1", "host": "1"},
    "moderation/auditentry/": {"q": "x", "action__exact": "account.restore", "o": "-1.2"},
    "moderation/report/": {"q": "x", "host": "1", "p": "1"},
    "mail/outgoingmail/": {"q": "x", "state__exact": "sent", "host": "1"},
    "sign-ups/": {"page": "1"},
    "moves/": {"page": "1"},
    "autocomplete/": {"app_label": "accounts", "model_name": "session", "field_name": "account"},
    "login/": {"next": "/console/"},
}
_DEEDS = {
    "accounts/$DID/take-down/": _REASON,
    "accounts/$DID/restore/": _REASON,
    f"accounts/$DID/blobs/{_LINK}/take-down/": _REASON,
    f"accounts/$DID/blobs/{_LINK}/restore/": _REASON,
    "accounts/$DID/record/take-down/?record=com.example.thing/k": _REASON,
    "accounts/$DID/record/restore/?record=com.example.thing/k": _REASON,
    "sign-ups/admission/": {
        "policy": "captcha", "sign_up_limit_count": "5", "invite_interval_days": "5", **_REASON,
    },
    "sign-ups/discard/": {"held": "1", **_REASON},
    "sign-ups/reopen/": _REASON,
    "sign-ups/1/approve/": _REASON,
    "sign-ups/1/refuse/": _REASON,
    "moves/1/resume/": _REASON,
    "invites/": {"codes": "1", "uses": "1"},
    "password_change/": {"old_password": "x", "new_password1": "y", "new_password2": "y"},
    "login/": {"username": "s", "password": "x", "next": "/console/"},
}  # fmt: skip
_PAGES = {
    "account/sign-in": {"next": "/account/"},
    "account/sign-up": {"invite": "x", "handle": "x"},
    "account/handle-available": {"handle": "x.test"},
    "account/reset-password/code": {"email": "alice@example.com"},
    "gate/signup": {"handle": "x.test", "state": "s", "redirect_url": "https://bsky.app/x"},
    "oauth/authorize": {**dict(parse_qsl(sign_ins.QUERY)), "redirect-test": "1"},
    "oauth/authorize/refuse": dict(parse_qsl(sign_ins.QUERY)),
    "account/help": {},
    "account/data": {},
    "account/data/blobs": {},
    "account/move-in": {},
    "account/move": {"step": "code"},
    "tls-check": {"domain": "alice.test"},
    "dev/mail": {"to": "alice"},
}
_FOR_APPS = {  # accounts.pages.oauth
    "sign-in": {"identifier": "alice.test", "password": "x", "is_remembered": "on"},
    "sign-in/code": {"challenge": "x:y:z", "code": "AAAAA-BBBBB", "is_remembered": "True"},
    "sign-up": {"domain": ".test", "handle": "x", "email": "x@example.com", "password": "correct"},
    "reset-password": {"identifier": "alice.test"},
    "reset-password/code": {"code": "AAAAA-BBBBB", "password": "correct horse"},
    "account": {"account": "$DID", "forget": ""},
    "activate": {"account": "$DID"},
    "consent": {"account": "$DID", "decision": "allow", "scope": "transition:generic"},
}
_SENT = {
    "account/sign-in": {"identifier": "alice.test", "password": "x"},
    "account/sign-up": {
        "name": "x", "label": "x", "domain": ".test", "handle": "x", "email": "x@example.com",
        "password": "correct horse", "invite_code": "x", "verification_code": "x",
    },
    "account/reset-password": {"email": "alice@example.com"},
    "account/reset-password/code": {"token": "AAAAA-BBBBB", "password": "correct horse"},
    "account/identity/document": {"handle": "alice.example.com"},
    "account/identity/recovery-key": {
        "did_key": "did:key:zDnae", "name": "x", "challenge": "x:y", "signature": "AAAA",
    },
    "account/identity/recovery-key/test?key=did:key:zDnae": {"challenge": "x", "signature": "y"},
    "account/identity/keys/remove": {"did_key": "did:key:zDnae"},
    "account/identity/confirm": {"intention": "x:y:z", "code": "AAAAA-BBBBB", "again": ""},
    "account/move-out": {"credentials": '{"rotationKeys":["did:key:z"],"services":{}}'},
    "account/move-out/code": {},
    "account/move-in": {"identifier": "alice.test"},
    "account/move-in/password": {
        "did": "$DID", "old_password": "x", "old_code": "x", "handle": "x", "domain": ".test",
        "email": "x@example.com", "password": "correct horse", "invite_code": "x",
    },
    "account/move-in/key": {
        "did": "$DID", "proof": "a.b.c", "handle": "x", "domain": ".test",
        "email": "x@example.com", "password": "correct horse", "invite_code": "x",
    },
    "account/move/again": {},
    "account/move/sign-in": {"old_password": "x", "old_code": "x"},
    "account/move/code": {},
    "account/move/confirm": {"code": "AAAAA-BBBBB"},
    "account/move/operation": {"operation": '{"type":"plc_operation","prev":"x"}'},
    "account/move/document": {},
    "account/data/archive": {},
    "account/data/blobs/fetch": {},
    "account/language": {"language": "de", "next": "/account/"},
    "account/close/deactivate": {"delete_on": "x"},
    "account/close/delete": {"code": "AAAAA-BBBBB"},
    "account/state/appeal": {"text": "why"},
    "account/activate": {},
    "account/apps": {"client_id": sign_ins.CLIENT_ID},
    "account/apps/passwords": {"name": "phone"},
    "account/apps/passwords/new": {"name": "phone", "is_privileged": "on"},
    "account/handle/address": {"email": "x@example.com", "code": "AAAAA-BBBBB"},
    "account/handle/change": {"handle": "x", "domain": ".test"},
    "account/handle/domain": {"handle": "alice.test", "check": "1"},
    "account/prove": {"password": "x"},
    "account/security/devices": {"browser": "x", "app": "x"},
    "account/security/oauth-only": {"off": "1"},
    "account/security/password": {"password": "x", "signs_out": "on"},
    "account/undo/x": {},
    "account/confirm-address/x": {},
    "account/u/alice.test/prove?next=/account/": {"password": "x"},
    "gate/signup": {"verification_code": "x", "redirect_url": "https://bsky.app/x"},
    **{f"oauth/authorize/{page}?{sign_ins.QUERY}": sent for page, sent in _FOR_APPS.items()},
}  # fmt: skip

Form = tuple[str, str, dict[str, str]]  # verb, path, fields


def shapes() -> list[Form]:
    """All forms; what a GET sends stands in its address."""
    console = [("GET", f"/console/{path}", fields) for path, fields in _CONSOLE.items()]
    deeds = [("POST", f"/console/{path}", fields) for path, fields in _DEEDS.items()]
    pages = [("GET", f"/{path}", fields) for path, fields in _PAGES.items()]
    sent = [("POST", f"/{path}", fields) for path, fields in _SENT.items()]
    return [*console, *deeds, *pages, *sent]


def request(verb: str, path: str, fields: dict[str, str]) -> bytes:
    """A form in the form that tests.fuzz.http reads."""
    cookies = f"Cookie: grove-staff=$STAFF; grove-account=$WEB; csrftoken=$CSRF; {sign_ins.COOKIES}"
    if verb == "GET":
        return f"GET {path}?{urlencode(fields)}\n{cookies}\n\n".encode()
    form = "&".join(f"{name}={quote(text)}" for name, text in fields.items())
    kind = "Content-Type: application/x-www-form-urlencoded"
    return f"POST {path}\n{cookies}\n{kind}\n\ncsrfmiddlewaretoken=$CSRF&{form}".encode()


def requests() -> list[bytes]:
    """Every form once."""
    return [request(*shape) for shape in shapes()]
