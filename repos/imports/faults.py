"""Faults of an import: records it cannot take, gathered so that one refusal names several.

Source: the lexicon com.atproto.repo.importRepo; atproto.com/specs/repository, "Repository Paths".
"""

from protocol.errors import InvalidRequest

NAMED_MAX = 10


class RefusedRecords(InvalidRequest):
    """400: records whose paths are no record's, or that are not strict DAG-CBOR, not a map, or not
    in the CAR. Nothing was changed."""


class Faults:
    """Up to NAMED_MAX paths, in the order of the tree."""

    def __init__(self) -> None:
        self._no_paths: list[str] = []
        self._unreadable: list[str] = []

    def note_path(self, path: str) -> None:
        """No record can be there. Raises RefusedRecords when it is the last to name."""
        self._note(self._no_paths, path)

    def note_record(self, path: str) -> None:
        """The record there cannot be read. Raises RefusedRecords when it is the last to name."""
        self._note(self._unreadable, path)

    def refuse(self) -> None:
        """Raise RefusedRecords when there is any."""
        named = (
            _sentence("Not a record path: ", self._no_paths),
            _sentence("Could not parse record at ", self._unreadable),
        )
        if any(named):
            raise RefusedRecords(". ".join(sentence for sentence in named if sentence))

    def _note(self, paths: list[str], path: str) -> None:
        paths.append(path)
        if len(self._no_paths) + len(self._unreadable) >= NAMED_MAX:
            self.refuse()


def _sentence(beginning: str, paths: list[str]) -> str:
    return beginning + ", ".join(f"'{path}'" for path in paths) if paths else ""
