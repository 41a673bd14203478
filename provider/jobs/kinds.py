"""The kinds of long work: a name and the function that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provider.jobs.work import Work

Run = Callable[[Work], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `run` returns the result (JSON, shown to whoever may see the job: no secrets); an
    XrpcError fails the job with its sentence, any other error is tried again. `is_alone`: one at a
    time of a tenant. `is_platforms`: the provider's to stop, unless the tenant began it. `forgets`:
    what of its input is gone once it is decided (secrets, addresses of strangers)."""

    name: str
    run: Run
    is_alone: bool = True
    is_platforms: bool = False
    title: Any = ""  # for people, translated when it is shown
    forgets: frozenset[str] = frozenset()


KINDS: Final[dict[str, Kind]] = {}


def register(  # noqa: PLR0913 - what there is to know of a kind
    name: str,
    run: Run,
    title: Any = "",
    *,
    is_alone: bool = True,
    is_platforms: bool = False,
    forgets: frozenset[str] = frozenset(),
) -> None:
    """Make a kind known: `<noun>.<verb>`; once, at import."""
    if name in KINDS:
        raise ValueError(f"{name} is registered already")
    KINDS[name] = Kind(name, run, is_alone, is_platforms, title, forgets)


def title(name: str) -> Any:
    """What a kind is called; one that is not known any more by its name."""
    kind = KINDS.get(name)
    return (kind.title if kind is not None else "") or name


def is_platforms(name: str) -> bool:
    """Whether it is the provider's to stop; a kind that is not known any more is nobody's."""
    kind = KINDS.get(name)
    return kind is None or kind.is_platforms


def kept(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of a job's input once it is decided; nothing of a kind that is not known."""
    kind = KINDS.get(name)
    return {} if kind is None else {key: given[key] for key in given.keys() - kind.forgets}
