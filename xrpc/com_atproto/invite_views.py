"""The view of an invite code. Source: com.atproto.server.defs#inviteCode."""

from typing import Any

from accounts.models import InviteCode
from repos.events.append import time_text


def invite_code(code: InviteCode) -> dict[str, Any]:
    """The code with its uses; `available` counts all it was good for, not what is left."""
    return {
        "code": code.code,
        "available": code.available_count,
        "disabled": code.is_disabled,
        "forAccount": code.for_account,
        "createdBy": code.created_by,
        "createdAt": time_text(code.created_at),
        "uses": [
            {"usedBy": use.used_by, "usedAt": time_text(use.used_at)} for use in code.uses.all()
        ],
    }
