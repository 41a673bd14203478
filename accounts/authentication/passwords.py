"""Password hashing: argon2id with OWASP's smallest recommended cost.

19 MiB, two passes, one lane: 23 ms on one core, where Django's own Argon2 setting takes 200 ms.
Logins are rate limited, so the cheaper setting is the safer one for the host. Hashes are made in
threads of their own (server.web.threads.cpu_pool): in all web processes together as many at a time
as the machine has cores, whoever asks, and nobody queues for them longer than QUEUES_S.
"""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, ScryptPasswordHasher
from django.utils.translation import gettext_lazy as _

from protocol.errors import XrpcError
from server import environment
from server.web.threads.cpu_pool import CpuPool
from server.web.threads.thread_pools import PoolIsFull

NEW_PASSWORD_MAX_CHARACTERS = 256  # at sign-up and change
OLD_PASSWORD_MAX_CHARACTERS = 512  # tried at login: accounts from elsewhere may have longer ones
QUEUES_S: Final = 2.0
_CORES: Final = len(os.sched_getaffinity(0))
HASHES: Final = CpuPool("hashes", -(-_CORES // environment.web_processes()), QUEUES_S)

T = TypeVar("T")


class PasswordsAreBusy(XrpcError):
    """503: more passwords wait to be hashed than can be in two seconds."""

    name = "ServiceUnavailable"
    status = 503
    message = "Too many people are signing in. Please try again in a few seconds"
    page_text = _("Too many people are signing in just now. Please try again in a few seconds.")

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(round(QUEUES_S))}


def _in_turn(work: Callable[[], T]) -> T:
    try:
        return HASHES.run(work)
    except PoolIsFull:
        raise PasswordsAreBusy from None


class Argon2id(Argon2PasswordHasher):
    """argon2id, m=19 MiB, t=2, p=1 (OWASP Password Storage Cheat Sheet). Raises
    PasswordsAreBusy."""

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return _in_turn(partial(super().encode, password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        return _in_turn(partial(super().verify, password, encoded))


class Scrypt(ScryptPasswordHasher):
    """scrypt, as accounts bring it from other hosts. Raises PasswordsAreBusy."""

    def verify(self, password: str, encoded: str) -> bool:
        return _in_turn(partial(super().verify, password, encoded))
