"""Why an event is refused; what is counted for each host."""

from enum import StrEnum


class Reason(StrEnum):
    """One word a rule."""

    MALFORMED = "malformed"  # no frame, or fields that are not the lexicon's
    TOO_LARGE = "too-large"  # frame, blocks or ops beyond the specification's limits
    REPLAYED = "replayed"  # its `seq` is not beyond the one before
    UNRESOLVED_DID = "unresolved-did"
    FOREIGN_DID = "foreign-did"  # its DID document names another host
    NO_KEY = "no-key"  # its DID document names no signing key
    BAD_SIGNATURE = "bad-signature"
    BAD_COMMIT = "bad-commit"  # the commit block says something else than the message
    BAD_OPS = "bad-ops"  # taken back, they do not lead to prevData
    OLD_REV = "old-rev"
    FUTURE_REV = "future-rev"
    WRONG_PREV_DATA = "wrong-prev-data"  # it does not follow the commit before
    DESYNCHRONIZED = "desynchronized"
    INACTIVE = "inactive"  # at its host
    THROTTLED = "throttled"
    TAKEN_DOWN = "taken-down"
    DOMAIN_BANNED = "domain-banned"
