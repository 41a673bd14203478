"""The Python SDK reads a relay from its beginning: `python sdk.py wss://relay`, by a Python that
has it, says the same lines as consumers.mjs."""

import json
import sys
import threading
import time

from atproto import FirehoseSubscribeReposClient, models, parse_subscribe_repos_message

QUIET_S = 5.0


def main(relay: str) -> None:
    given: list[str] = []
    last_at = [time.monotonic()]
    client = FirehoseSubscribeReposClient(
        models.ComAtprotoSyncSubscribeRepos.Params(cursor=0), base_uri=f"{relay}/xrpc"
    )

    def on_message(message) -> None:
        last_at[0] = time.monotonic()
        event = parse_subscribe_repos_message(message)
        if isinstance(event, models.ComAtprotoSyncSubscribeRepos.Commit):
            given.extend(f"{event.repo} {event.rev} {op.action} {op.path}" for op in event.ops)
        else:
            given.append(f"{event.did} {type(event).__name__.lower()}")

    threading.Thread(target=client.start, args=(on_message,), daemon=True).start()
    while time.monotonic() - last_at[0] < QUIET_S:
        time.sleep(0.2)
    sys.stdout.write(json.dumps(given))


if __name__ == "__main__":
    main(sys.argv[1])
