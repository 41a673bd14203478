"""TIDs: 13 letters that hold a time and sort by it. Used for record keys and for a repo's `rev`.

A TID is 64 bits, the top one 0: 53 bits of microseconds since 1970, then 10 bits of clock id that
keep two writers of the same microsecond apart. Source: atproto.com/specs/tid.
"""

ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
LENGTH = 13
MAX_US = 2**53 - 1
MAX_CLOCK_ID = 1023

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_SHIFTS = range(60, -1, -5)


class InvalidTid(ValueError):
    """The text is not 13 letters of the TID alphabet with the top bit 0."""


def encode(us: int, clock_id: int) -> str:
    """Write microseconds since 1970 and a clock id (0..1023). Raises InvalidTid."""
    if not (0 <= us <= MAX_US and 0 <= clock_id <= MAX_CLOCK_ID):
        raise InvalidTid("the time has 53 bits and the clock id 10")
    number = us << 10 | clock_id
    return "".join([ALPHABET[number >> shift & 31] for shift in _SHIFTS])


def decode(text: str) -> tuple[int, int]:
    """Read a TID into its microseconds and its clock id. Raises InvalidTid."""
    if len(text) != LENGTH:
        raise InvalidTid("a TID has 13 letters")
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            raise InvalidTid(f"{letter!r} is not a letter of a TID")
        number = number << 5 | value
    if number >> 63:
        raise InvalidTid("the first letter of a TID whose top bit is 0 is one of 234567ab")
    return number >> 10, number & MAX_CLOCK_ID


class TidClock:
    """Gives out TIDs that never repeat and never go back, whatever the wall clock does.

    Calls must not overlap: whoever shares a clock between threads holds a lock around `next`.
    """

    def __init__(self, clock_id: int) -> None:
        self.clock_id = clock_id
        self._last_us = -1

    def next(self, now_us: int, after: str | None = None) -> str:
        """Give the TID of now, or of the first microsecond after the last one given.

        `after` is a rev that the result must exceed. One that lies ahead of the clock (an imported
        repo's) lifts this result alone: it must not drag the other repos' revs into the future.
        """
        self._last_us = us = max(now_us, self._last_us + 1)
        tid = encode(us, self.clock_id)
        if after is not None and tid <= after:  # TIDs sort as their times do
            return encode(decode(after)[0] + 1, self.clock_id)
        return tid
