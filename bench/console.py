"""The console's pages at more and more accounts: `python -m bench.console [N ...]`.

Starts Grove on a Postgres of its own in a temporary folder, fills it (bench.console_pages) to
10,000, 200,000 and a million accounts, and prints the milliseconds of every list and search, each
the median of five. A million takes some 4 GB of disk; all of it is removed at the end.
"""

import os
import subprocess
import sys

from bench.compare.servers import ROOT, start_grove


def main(sizes: list[str]) -> None:
    server = start_grove(None)
    environment = {
        **os.environ,
        "GROVE_DATA": str(server.folder / "data"),
        "GROVE_PORT": str(server.address.port),
        "DJANGO_SETTINGS_MODULE": "hosting.settings",
    }
    try:
        command = [sys.executable, "-m", "bench.console_pages", *sizes]
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
