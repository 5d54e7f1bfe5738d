"""Number controls correct what is emptied, mistyped or out of range."""

import math
import subprocess
import sys

import pytest

from demo.web.components.numbers import Number, Slider
from tests.conftest import ROOT

COMPONENTS = ROOT / "demo" / "web" / "components"


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0.5, 0.5), (2, 1), (-3, 0.1), (None, 0.25), ("x", 0.25), (True, 0.25), (math.nan, 0.25)],
)
def test_a_slider_clamps_and_falls_back_to_its_initial_value(
    given: object, expected: float
) -> None:
    assert Slider(0.1, 1, 0.25).preprocess(given) == expected


@pytest.mark.parametrize(("given", "expected"), [(12, 12), (-1, 0), (1e12, 99), (None, 7)])
def test_a_number_field_clamps_and_falls_back(given: object, expected: int) -> None:
    assert Number(7, precision=0, minimum=0, maximum=99).preprocess(given) == expected
    assert Number(7).preprocess(1e12) == 1e12


def test_gradio_writes_no_stub_next_to_a_component() -> None:
    """In a process where this module is the first one that derives a component."""
    module = "demo.web.components.numbers"
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True)
    assert list(COMPONENTS.glob("*.pyi")) == []
