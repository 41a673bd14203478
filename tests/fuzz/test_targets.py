"""The fuzz targets in small: their seeds, and what hypothesis makes of them."""

import importlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TARGETS = [
    "atjson",
    "car",
    "cbor",
    "commit",
    "untrusted_input",
    "frames",
    "lexicon",
    "mst",
    "syntax",
    "tokens",
]


def target(name: str):
    return importlib.import_module(f"tests.fuzz.{name}")


@st.composite
def mutations(draw, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with a few pieces cut, copied over or put in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        data[start:end] = draw(st.binary(max_size=8))
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_pass(name: str) -> None:
    for seed in target(name).SEEDS:
        target(name).check(seed)


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=150, deadline=10_000, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mutations_pass(name: str, data: st.DataObject) -> None:
    target(name).check(data.draw(mutations(target(name).SEEDS)))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=1_000)
@given(data=st.binary(max_size=200))
def test_noise_passes(name: str, data: bytes) -> None:
    target(name).check(data)
