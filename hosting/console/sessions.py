"""Sessions of staff: Django's, in a table of our own that says whose each is, from where, and when
it was last used, so that they can be listed and ended.

A quoted cookie may carry any octet (RFC 6265 section 4.1.1 allows none of them, `http.cookies`
decodes them all), and Postgres takes no NUL: Django would look it up and fail.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone

if TYPE_CHECKING:
    from hosting.models import Host, StaffSession, StaffUser

_SIGNED_IN: Final = "signed in"  # in the session: where and when
_USER: Final = "_auth_user_id"  # Django's
_USED_EVERY: Final = timedelta(minutes=5)  # a request writes no more often


class SessionStore(db.SessionStore):
    """`SESSION_ENGINE`'s store; a key of other characters than ours is no key."""

    @classmethod
    def get_model_class(cls) -> "type[StaffSession]":
        """The table; Django asks for it by this name."""
        from hosting.models import StaffSession  # noqa: PLC0415 - models are not loaded before

        return StaffSession

    def create_model_instance(self, data: dict[str, Any]) -> "StaffSession":
        """The row of a session that is saved."""
        row = cast("StaffSession", super().create_model_instance(data))
        signed_in = data.get(_SIGNED_IN) or {}
        row.staff_id = int(data[_USER]) if _USER in data else None
        row.host_id = signed_in.get("host")
        row.place, row.agent = signed_in.get("place", ""), signed_in.get("agent", "")
        if "at" in signed_in:
            row.created_at = datetime.fromisoformat(signed_in["at"])
        return row

    def _get_session_from_db(self) -> "StaffSession | None":
        row: StaffSession | None = super()._get_session_from_db()  # type: ignore[misc]
        now = timezone.now()
        if row is not None and row.used_at < now - _USED_EVERY:
            type(row).objects.filter(pk=row.pk).update(used_at=now)
        return row

    def _validate_session_key(self, key: str | None) -> bool:
        # Django's own stub leaves its hook out.
        is_fit: bool = super()._validate_session_key(key)  # type: ignore[misc]
        return is_fit and key is not None and key.isascii() and key.isalnum()


def note_sign_in(request: HttpRequest, staff: "StaffUser", host: "Host", place: str) -> None:
    """Say of the session that begins where it does; the person's expired ones go."""
    agent = request.headers.get("User-Agent", "").replace("\0", "")[:200]
    now = timezone.now()
    told = {"host": host.pk, "place": place, "agent": agent, "at": now.isoformat()}
    request.session[_SIGNED_IN] = told
    staff.console_sessions.filter(expire_date__lt=now).delete()
