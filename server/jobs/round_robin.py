"""Round robin for sweeps: work of several owners under one span of time, a step of each in turn."""

import random
import time
from collections.abc import Iterable, Iterator
from typing import Final

_ENDED: Final = object()


def run(works: Iterable[Iterator[None]], seconds_max: float) -> None:
    """Take a step of each work after the other, until all have ended or the time is over.

    The order is another every time, so that of more works than fit in nobody's is always the last.
    """
    ends_s = time.monotonic() + seconds_max
    left = list(works)
    random.shuffle(left)
    while left:
        going_on = []
        for work in left:
            if time.monotonic() >= ends_s:
                return
            if next(work, _ENDED) is not _ENDED:
                going_on.append(work)
        left = going_on
