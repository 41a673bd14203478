#!/usr/bin/env python
"""`python manage.py run` starts everything; any other command is Django's."""

import os
import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["run"]:
        from server import allocator

        allocator.use_huge_pages()
        from server.supervisor.run import main

        sys.exit(main())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hosting.settings")
    from server.command_line import main as command

    sys.exit(command(sys.argv))
