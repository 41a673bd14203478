"""Sessions of staff: Django's, in the database, for keys that could be one of ours.

A quoted cookie may carry any octet (RFC 6265 section 4.1.1 allows none of them, `http.cookies`
decodes them all), and Postgres takes no NUL: Django would look it up and fail.
"""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """`SESSION_ENGINE`'s store; a key of other characters than ours is no key."""

    def _validate_session_key(self, key: str | None) -> bool:
        # Django's own stub leaves its hook out.
        is_fit: bool = super()._validate_session_key(key)  # type: ignore[misc]
        return is_fit and key is not None and key.isascii() and key.isalnum()
