"""Rate-limit buckets of the server's edge and of sign-ins; those of methods stand beside the
methods (xrpc.rate_limits). Each can be set otherwise: `GROVE_LIMIT_LOGIN="30/300 300/86400"`, so
many points in so many seconds. docs/operators/configuration.md lists them all.
"""

from hosting.limits.budgets import DAY_S, HOUR_S, MINUTE_S, Bucket, Budget
from server import environment

_PREFIX = "GROVE_LIMIT_"
KNOWN: dict[str, tuple[Budget, ...]] = {}  # what every bucket has unless set otherwise


def bucket(name: str, *budgets: Budget, slack: int = 0) -> Bucket:
    """A bucket with these budgets, unless the environment has others for its name."""
    variable = _PREFIX + name.upper().replace("-", "_")
    given = tuple(Budget(*numbers) for numbers in environment.budgets(variable))
    KNOWN[name] = budgets
    return Bucket(name, given or budgets, slack)


# Requests of a network: each method's at its host, everything else at the platform
REQUESTS = bucket("requests", Budget(3_000, 5 * MINUTE_S), slack=50)
STATIC_FILES = bucket("static-files", Budget(6_000, 5 * MINUTE_S), slack=50)

LOGIN = bucket("login", Budget(30, 5 * MINUTE_S), Budget(300, DAY_S))
# Wrong passwords of one network, whatever names it tries them on
GUESSES = bucket("guesses", Budget(100, 5 * MINUTE_S), Budget(1_000, DAY_S))
# Wrong passwords for one account, wherever from. Beyond it nobody is locked out: every network has
# few tries then, and a right password costs none of them.
ACCOUNT_GUESSES = bucket("account-guesses", Budget(100, HOUR_S))
GUESSES_UNDER_ATTACK = bucket("guesses-under-attack", Budget(5, HOUR_S))

# Staff are the platform's: tries at all hosts count together
STAFF_LOGIN = bucket("staff-login", Budget(30, 5 * MINUTE_S), Budget(300, DAY_S))
STAFF_GUESSES = bucket("staff-guesses", Budget(60, 5 * MINUTE_S), Budget(600, DAY_S))

SIGN_UP = bucket("sign-up", Budget(100, 5 * MINUTE_S))
REQUEST_PASSWORD_RESET = bucket("request-password-reset", Budget(15, HOUR_S), Budget(50, DAY_S))
RESET_PASSWORD = bucket("reset-password", Budget(50, 5 * MINUTE_S))

# At the relay: each has us ask a host that somebody names (relay.methods)
REQUEST_CRAWL = bucket("request-crawl", Budget(30, 5 * MINUTE_S), Budget(300, DAY_S))
UPLOAD_BLOB = bucket("upload-blob", Budget(1_000, DAY_S))
# What an import changes is taken from the writes when it is done (repos.imports.importing)
IMPORT_REPO = bucket("import-repo", Budget(10, HOUR_S))
WRITES = bucket("repo-writes", Budget(5_000, HOUR_S), Budget(35_000, DAY_S), slack=150)
