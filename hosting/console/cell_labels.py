"""Labels of the cells of a list, which a phone shows beside each value in the place of headings."""

import re
from typing import Final

from django.template import Library
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register: Final = Library()
_LABEL: Final = re.compile(r'(?<= data-label=")[^"]+')


@register.filter
def with_heading(cell: SafeString) -> SafeString:
    """A cell as Unfold renders it, its label in the form of the column's heading: `e-mail address`
    becomes `E-mail address`. What is in the cell stays as it is."""
    labelled = _LABEL.sub(lambda label: capfirst(label.group()), cell, count=1)
    return mark_safe(labelled)  # noqa: S308 - as safe as the cell was
