"""Room in a process's memory of what costs a question or a computation to have again."""

from typing import Any


def make_room(entries: dict[Any, Any], max_entries: int) -> None:
    """Drop the older half of a full dict, in the order in which they came: whoever works at the
    moment loses nothing, as everybody would with all of it gone at once.

    Safe between CPython threads without a lock: every step on the dict is one call into C.
    """
    if len(entries) >= max_entries:
        for oldest in list(entries)[: len(entries) - max_entries // 2]:
            entries.pop(oldest, None)
