"""Password hashing: argon2id with OWASP's smallest recommended cost.

19 MiB, two passes, one lane: 23 ms on one core, where Django's own Argon2 setting takes 200 ms.
Logins are rate limited, so the cheaper setting is the safer one for the host.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher

NEW_PASSWORD_MAX_CHARACTERS = 256  # at sign-up and change
OLD_PASSWORD_MAX_CHARACTERS = 512  # tried at login: accounts from elsewhere may have longer ones


class Argon2id(Argon2PasswordHasher):
    """argon2id, m=19 MiB, t=2, p=1 (OWASP Password Storage Cheat Sheet)."""

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1
