"""Slurs rejected in handles and in client-chosen record keys.

Source: the reference server, which keeps a short list; this one is ours, for ASCII text with the
usual digits for letters. What is part of a harmless word must pass, so all but one stand alone.
"""

import re

_ALONE = re.compile(
    r"(?<![a-z0-9])"
    r"(?:ch[i1]nks?|c[o0]{2}ns?|f[a4]g(?:g?[o0e3]ts?|s)?|k[i1]k[e3]s?|tr[a4]nn(?:y|[i1][e3]s?))"
    r"(?![a-z0-9])"
)
_ANYWHERE = re.compile(r"(?<!s)n[i1]gg(?:[e3]r|[a4](?!rd))")
_SEPARATORS = str.maketrans("", "", ".-_")


def has_slur(text: str) -> bool:
    """Whether a name has such a word in it, or is one once its dots and dashes are left out."""
    text = text.lower()
    return any(
        pattern.search(form)
        for form in (text, text.translate(_SEPARATORS))
        for pattern in (_ALONE, _ANYWHERE)
    )
