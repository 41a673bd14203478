"""Shortcuts of all tests: cheap passwords, one load of the middleware, a database cleared by rows,
no waiting for other processes.

They are as good to a test that is not about them. What a password costs is held by
tests/unit/accounts/authentication/test_passwords.py, how long a refusal takes by test_credentials.
"""

import gc
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import testcases
from django.test.client import ClientHandler

from accounts.authentication import credentials
from accounts.authentication.passwords import Argon2id
from provider.tenancy import suspensions

REAL_HASHERS = tuple(settings.PASSWORD_HASHERS)
_MIDDLEWARE = (
    "_view_middleware",
    "_template_response_middleware",
    "_exception_middleware",
    "_middleware_chain",
)
_load_middleware = ClientHandler.load_middleware
_loaded: dict[tuple[str, ...], dict[str, Any]] = {}
# Rows that belong to the schema: Django made them with it, and would have to make them again.
_KEPT = ("django_migrations", "django_content_type", "auth_permission")
# The lock waits for whoever is still at work, as TRUNCATE does. Foreign keys, life cycles and the
# audit log's own rule are held by triggers, which do not run for a replica.
_CLEAR = """
    DO $$ DECLARE each regclass; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR each IN
            SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> ALL (ARRAY[{kept}])
        LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', each);
            EXECUTE format('DELETE FROM %s', each);
        END LOOP;
    END $$
""".format(kept=", ".join(f"'{name}'" for name in _KEPT))


class QuickArgon2id(Argon2id):
    """argon2id at its lowest cost: 0.1 ms instead of 23. Hashes say their costs themselves, so each
    reads the other's."""

    memory_cost = 8
    time_cost = 1


def take() -> None:
    """From here on, in this process."""
    ClientHandler.load_middleware = _load_middleware_once  # type: ignore[method-assign]
    settings.PASSWORD_HASHERS = [f"{__name__}.{QuickArgon2id.__name__}", *REAL_HASHERS[1:]]
    credentials.REFUSAL_TAKES_S = 0.0
    suspensions.SETTLED_AFTER = timedelta(0)  # there are no other processes
    testcases.call_command = _call_command  # type: ignore[attr-defined] # after each such test


def freeze_loaded() -> None:
    """Once all tests are collected: they and the product stay, and the garbage collector need not
    walk them again and again. It looks for new garbage less often than in a web process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _load_middleware_once(handler: ClientHandler) -> None:
    """Instead of Django's, which makes all middleware anew for every client: WhiteNoise lists the
    static files then."""
    names = (*settings.MIDDLEWARE, *settings.PAGE_MIDDLEWARE)
    if names not in _loaded:
        _load_middleware(handler)
        _loaded[names] = {name: getattr(handler, name) for name in _MIDDLEWARE}
    vars(handler).update(_loaded[names])


def _call_command(name: str, *arguments: Any, **options: Any) -> None:
    """Instead of Django's `flush`, which empties each table by TRUNCATE, full or not, and then
    makes all content types and permissions anew."""
    if name != "flush":
        call_command(name, *arguments, **options)
        return
    empty()


def empty() -> None:
    """Remove every row, as if the database were new."""
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR)
