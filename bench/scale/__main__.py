"""`python -m bench.scale [--tenants N] [--accounts N] [--labels N] [PART ...]`.

Starts Grove on a Postgres of its own in a temporary folder, fills it (bench.scale.fill) with 10,000
tenants and a million accounts, and measures the parts that are named, or all of them: `pages`,
`sweeps`, `names`, `commits`. It takes some 5 GB of disk and ten minutes; all of it is removed at
the end.
"""

import argparse
import os
import subprocess
import sys
from typing import Final

from bench.compare.servers import ROOT, free_port, start_grove

PARTS: Final = ("pages", "sweeps", "names", "commits")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    options = parser.parse_args()
    own_port = {"GROVE_CERTIFICATES_PORT": str(free_port())}
    server = start_grove(None, own_port)
    environment = {
        **os.environ,
        "GROVE_DATA": str(server.folder / "data"),
        "GROVE_PORT": str(server.address.port),
        "GROVE_RATE_LIMITS": "off",
        **own_port,
        "DJANGO_SETTINGS_MODULE": "hosting.settings",
    }
    sizes = [str(options.tenants), str(options.accounts), str(options.labels)]
    try:
        for part, given in (("fill", sizes), *((each, []) for each in options.parts or PARTS)):
            command = [sys.executable, "-m", f"bench.scale.{part}", *given]
            subprocess.run(command, check=True, cwd=ROOT, env=environment)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
