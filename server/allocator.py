"""glibc's allocator: large blocks of their own, in huge pages, few arenas, and what is free given
back.

A password hash takes 19 MiB for 23 ms. Left alone, glibc keeps such blocks in an arena per thread
for good (350 MB a web process after a storm of logins); mapped, they go back at once. Smaller ones,
such as uploads, leave holes between what is in use: 30 to 60 MB of a web process. In pages of 4 kB
a hash touches 4,900 new ones, which is a third of its time.
"""

import ctypes
import os
import sys
from typing import Final

from server import environment

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
_MAPPED_FROM_BYTES: Final = 1_048_576
_ARENAS: Final = 4


_TUNABLES: Final = "GLIBC_TUNABLES"


def use_huge_pages() -> None:
    """Begin this program anew, as the same process, with huge pages where the system has them to
    give: glibc looks for that when a program begins. What an operator has set stays."""
    if sys.platform == "linux" and not environment.text(_TUNABLES):
        os.environ[_TUNABLES] = "glibc.malloc.hugetlb=1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very program


def tune() -> None:
    """Set it up, in a process that begins. Does nothing where the C library is another one."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM_BYTES)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give free memory back: some milliseconds, for a quiet moment."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
