"""Kinds of cases, from the reasons that reports give.

Source: com.atproto.moderation.defs and tools.ozone.report.defs (proposal 0009): seven old reasons
and forty new ones. A reason that nobody knows yet is "something else", and is never refused.
"""

from typing import Final

from moderation.models import Case

Kind = Case.Kind

# By how the reason's name begins; the first that fits counts.
_BEGINNINGS: Final = (
    ("reasonAppeal", Kind.APPEAL),
    ("appealActionedSubject", Kind.APPEAL),
    ("reasonChildSafety", Kind.CHILD_SAFETY),
    ("reasonSelfHarm", Kind.SELF_HARM),
    ("reasonViolence", Kind.VIOLENCE),
    ("reasonHarassmentDoxxing", Kind.PRIVACY),
    ("reasonHarassment", Kind.HARASSMENT),
    ("reasonRude", Kind.HARASSMENT),
    ("reasonSexual", Kind.SEXUAL),
    ("reasonMisleadingSpam", Kind.SPAM),
    ("reasonMisleading", Kind.MISLEADING),
    ("reasonSpam", Kind.SPAM),
    ("reasonRule", Kind.RULES),
    ("reasonViolation", Kind.RULES),
)
_RANKS: Final = {kind: rank for rank, kind in enumerate(Kind)}


def of_reason(reason_type: str) -> Case.Kind:
    """The kind for a report's `reasonType`."""
    name = reason_type.rpartition("#")[2].rpartition(".")[2]
    return next((kind for begins, kind in _BEGINNINGS if name.startswith(begins)), Kind.OTHER)


def graver(one: str, other: str) -> str:
    """Which of two kinds a case has that was reported for both."""
    return min(one, other, key=lambda kind: _RANKS[Kind(kind)])
