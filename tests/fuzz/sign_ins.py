"""A sign-in with OAuth under way, for the inputs that answer it; it is there again after each."""

from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone

from accounts.models import Account, OAuthDevice, OAuthDeviceAccount, OAuthRequest
from accounts.oauth.clients import ClientProfile
from server.encryption import digests

CLIENT_ID = "https://app.example.com/client.json"
URI = "urn:ietf:params:oauth:request_uri:req-fuzz"
QUERY = urlencode({"client_id": CLIENT_ID, "request_uri": URI})
COOKIES = "grove-device=dev-fuzz; grove-device-proof=ses-fuzz"
_PARAMETERS = {
    "redirect_uri": "https://app.example.com/back",
    "scope": "atproto transition:generic identity:*",
    "state": "s",
    "code_challenge": "c",
}


def renew(account: Account) -> None:
    """The request as it was, opened by its browser, where the account is signed in."""
    now = timezone.now()
    device, _ = OAuthDevice.objects.update_or_create(
        name_sha256=digests.sha256("dev-fuzz"),
        defaults={
            "host": account.host,
            "proof_sha256": digests.sha256("ses-fuzz"),
            "previous_proof_sha256": "",
            "place_sha256": digests.sha256("127.0.0.1 "),
            "rotated_at": now,
            "last_seen_at": now,
        },
    )
    OAuthDeviceAccount.objects.update_or_create(
        device=device, account=account, defaults={"signed_in_at": now, "is_remembered": True}
    )
    OAuthRequest.objects.update_or_create(
        uri_sha256=digests.sha256(URI),
        defaults={
            "host": account.host,
            "client_id": CLIENT_ID,
            "client": ClientProfile(CLIENT_ID, is_public=True).stored(),
            "parameters": _PARAMETERS,
            "device": device,
            "account": account,
            "code_sha256": None,
            "created_at": now,
            "expires_at": now + timedelta(minutes=5),
        },
    )
