"""Properties (hypothesis) hold on a busy machine, too."""

import time

from hypothesis import given, settings
from hypothesis import strategies as some


@settings(max_examples=2, database=None)
@given(some.booleans())
def test_no_property_hangs_on_how_fast_its_examples_run(is_any: bool) -> None:
    assert is_any in {True, False}
    time.sleep(0.3)  # hypothesis by itself allows a fifth of a second
