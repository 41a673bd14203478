"""The public suffix list: below which names anybody may register, and what is one site to a
browser. Read at the first question: its 10,000 lines cost every start 25 ms."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _all() -> PublicSuffixList:
    return PublicSuffixList()


def is_public_suffix(name: str) -> bool:
    """Whether anybody may register a name directly below this one (`com`, `co.uk`)."""
    return bool(_all().publicsuffix(name) == name)


def registrable_domain(name: str) -> str:
    """The name's part that somebody registered: a public suffix and one label more; empty for a
    name that has none, such as `localhost`."""
    return str(_all().privatesuffix(name) or "")
