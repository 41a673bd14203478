#!/usr/bin/env python
"""`python manage.py run` starts everything, `network` an app view and Ozone besides; any other
command is Django's."""

import os
import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["run"]:
        from server import allocator

        allocator.use_huge_pages()
        from server.supervisor.run import main

        sys.exit(main())
    if sys.argv[1:] == ["network"]:
        from server.supervisor.network.run import main as network

        sys.exit(network())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hosting.settings")
    from server.command_line import main as command

    sys.exit(command(sys.argv))
