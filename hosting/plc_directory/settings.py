"""Django settings of the directory's own process: the project's, with the directory's app alone.

The other apps' models, and the libraries that they need, were half of its memory.
"""

from hosting.settings import *  # noqa: F403 - Django's way to derive settings

INSTALLED_APPS = ["hosting.plc_directory"]
