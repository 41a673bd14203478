"""Validators by definition name, each compiled when it is first called for.

Recursion between definitions needs nothing special: compiled functions look each other up here
when they run. Threads need no lock: compiling a definition twice gives two equal functions, and
either may stay.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocol.lexicon.documents import Documents
from protocol.lexicon.emit import EMITTERS, emit_check
from protocol.lexicon.errors import LexiconError, fail
from protocol.lexicon.source import Emitter, Schema

Check = Callable[[Any, str], None]

# Definitions that describe values. The others (methods, permission sets) can not be referred to.
VALUE_TYPES: Final = frozenset(EMITTERS)


def refuse_all(name: str) -> Check:
    """A validator for a definition that no document gives: nothing can be said to fit it."""

    def check(_value: Any, path: str) -> None:
        fail(path, f"can not be checked: there is no definition {name}")

    return check


class Validators(dict[str, Check]):
    """`nsid#name` to `check(value, path)`, for one spelling of leaves; stricter for the inputs of
    methods than for records and answers (emit_scalars).

    Only names that occur in documents are looked up here, so the size is bounded by theirs.
    """

    def __init__(
        self, documents: Documents, leaves: Mapping[str, object], *, is_for_input: bool = False
    ) -> None:
        super().__init__()
        self._is_for_input = is_for_input
        self._documents = documents
        self._leaves = leaves
        self.compiled_characters = 0

    def __missing__(self, name: str) -> Check:
        schema = self.definition(name)
        nsid = name.partition("#")[0]
        check = refuse_all(name) if schema is None else self.check_of(schema, nsid)
        self[name] = check
        return check

    def definition(self, name: str) -> Schema | None:
        """The schema of `nsid#name`, a record's being that of its object; None when unknown."""
        nsid, _, key = name.partition("#")
        document = self._documents.find(nsid)
        schema: Schema | None = document["defs"].get(key) if document else None
        if schema is not None and schema["type"] == "record":
            schema = schema["record"]
        return schema if schema is not None and schema["type"] in VALUE_TYPES else None

    def emitter(self, nsid: str) -> Emitter:
        """A fresh emitter for source that belongs to the document `nsid`."""
        return Emitter(
            nsid,
            lambda name: self.definition(name) is not None,
            is_for_input=self._is_for_input,
        )

    def check_of(self, schema: Schema, nsid: str) -> Check:
        """Compile a schema of the document `nsid`. Raises DocumentError."""
        emitter = self.emitter(nsid)
        check: Check = self.load(emit_check(emitter, schema), "check", emitter)
        return check

    def load(self, source: str, function: str, emitter: Emitter) -> Any:
        """Turn emitted source into the function of that name."""
        namespace = {**self._leaves, "checks": self, **emitter.constants}
        self.compiled_characters += len(source)
        code = compile(source, f"<lexicon {emitter.nsid!r}>", "exec")
        exec(code, namespace)  # noqa: S102 our own source; documents enter it through repr alone
        return namespace[function]


def run(check: Check, value: Any, root: str) -> None:
    """Check a whole value. Raises LexiconError, also for nesting deeper than Python's stack."""
    try:
        check(value, root)
    except RecursionError:
        raise LexiconError(root, "is nested too deeply") from None
