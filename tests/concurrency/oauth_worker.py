"""An app's server that refreshes a session over and over, and says each token that it got.

`python -m tests.concurrency.oauth_worker <host id> <client id> <jkt> <refresh token>`
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hosting.settings")


def main() -> None:
    django.setup()
    from accounts.oauth.clients import documents
    from accounts.oauth.clients.authentication import ClientAuth
    from accounts.oauth.sessions import presenters, refreshing
    from hosting.models import Host

    host_id, client_id, jkt, token = sys.argv[1:]
    host = Host.objects.get(pk=int(host_id))
    presenter = presenters.Presenter(documents.of_loopback(client_id), ClientAuth("none"), jkt)
    while True:
        token = refreshing.refresh(host, presenter, token)["refresh_token"]
        sys.stdout.write(f"{token}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
