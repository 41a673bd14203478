"""Methods: what a query, procedure or subscription takes and gives.

Bodies are parsed JSON, in which links are `{"$link": text}` and bytes `{"$bytes": base64}`. Spec:
atproto.com/specs/lexicon and atproto.com/specs/xrpc.
"""

import functools
from collections.abc import Mapping
from typing import Any

from protocol.lexicon import params
from protocol.lexicon.source import Schema
from protocol.lexicon.validators import Check, Validators, run


def accept_all(_value: Any, _path: str) -> None:
    """The check of a body whose lexicon has no schema."""


class MethodType:
    """A method: `nsid`, `kind`, `description`, encodings (None: no body), names of its `errors`."""

    def __init__(self, nsid: str, main: Schema, *, given: Validators, told: Validators) -> None:
        self.nsid = nsid
        self.kind: str = main["type"]
        self.description: str = main.get("description", "")
        self.input_encoding: str | None = main.get("input", {}).get("encoding")
        self.output_encoding: str | None = main.get("output", {}).get("encoding")
        self.errors: tuple[str, ...] = tuple(error["name"] for error in main.get("errors", ()))
        self._main = main
        self._given = given  # for parameters and inputs
        self._told = told  # for answers

    def parse_params(self, multi: params.Multi) -> dict[str, Any]:
        """Query string values by name as typed, checked parameters with defaults filled in.

        Names the lexicon does not know are dropped. Raises LexiconError naming the parameter.
        """
        return self._parse(multi)

    def check_input(self, value: Any) -> Any:
        """Check a request body. Returns it with absent top-level fields at their defaults, which
        apply first: what has one is never missing.

        Stricter than the lexicon in what no database holds: NUL in a string, integers beyond 64
        bits. What is `unknown`, as records are, is not looked into. The body itself is left as it
        is. Raises LexiconError.
        """
        if isinstance(value, dict) and not self._defaults.keys() <= value.keys():
            value = {**self._defaults, **value}
        run(self._check_input, value, "Input")
        return value

    def check_output(self, value: Any) -> None:
        """Check an answer's body. Raises LexiconError."""
        run(self._check_output, value, "Output")

    @functools.cached_property
    def _parse(self) -> params.Parse:
        emitter = self._given.emitter(self.nsid)
        source = params.emit_parse(emitter, self._main.get("parameters", {}))
        parse: params.Parse = self._given.load(source, "parse", emitter)
        return parse

    @functools.cached_property
    def _check_input(self) -> Check:
        return self._body_check("input", self._given)

    @functools.cached_property
    def _check_output(self) -> Check:
        return self._body_check("output", self._told)

    def _body_check(self, body: str, validators: Validators) -> Check:
        schema = self._main.get(body, {}).get("schema")
        return accept_all if schema is None else validators.check_of(schema, self.nsid)

    @functools.cached_property
    def _defaults(self) -> Mapping[str, Any]:
        schema = self._main.get("input", {}).get("schema", {})
        fields = schema.get("properties", {}).items()
        return {name: field["default"] for name, field in fields if "default" in field}
