"""Refusals of what a provider asks for. Each names the field that it is about."""

from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from protocol.errors import XrpcError

NAMED_MAX: Final = 10  # of those who are in the way


class InvalidField(XrpcError):
    """400: one value breaks a rule. `page_text`: the sentence for people, translated."""

    def __init__(self, field: str, sentence: str, page_text: Any = "") -> None:
        super().__init__(sentence)
        self.field = field
        if page_text:
            self.page_text = page_text


class NoSuchThing(XrpcError):
    """404: nothing has this name."""

    name = "NotFound"
    status = 404


class NameTaken(XrpcError):
    """409: another tenant, host or domain has the name."""

    name = "NameTaken"
    status = 409


class InUse(XrpcError):
    """409: it cannot go while somebody lives there. `users`: the first of them, `count`: all."""

    name = "InUse"
    status = 409

    def __init__(self, what: str, users: list[str], count: int) -> None:
        self.users, self.count = users[:NAMED_MAX], count
        rest = f" and {count - len(self.users)} more" if count > len(self.users) else ""
        super().__init__(f"{what} is in use by {', '.join(self.users)}{rest}.")


def first_fault(fault: ValidationError) -> InvalidField:
    """What Django says of a model's fields, as one refusal: the first field's first sentence."""
    for field, sentences in fault.message_dict.items():
        return InvalidField("" if field == NON_FIELD_ERRORS else field, sentences[0])
    return InvalidField("", str(fault))
