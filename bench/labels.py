"""Labels: `python -m bench.labels [LABELS_A_SECOND [SUBSCRIBERS [LABELS]]]`.

Starts Grove on a Postgres of its own in a temporary folder and runs bench.label_load beside it:
labels said at a pace (5,000 a second) while subscribers (100) follow, then questions by subject
and by beginning at so many labels (a million). All of it is removed at the end.
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
        command = [sys.executable, "-m", "bench.label_load", *sizes]
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
