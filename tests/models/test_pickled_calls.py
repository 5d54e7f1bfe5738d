"""What a pickle would call is found without calling it."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from demo.models.pickled_calls import pickled_calls
from tests.support.hostile_weights import Call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_call_is_found_and_not_made(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "ran"
    pickled = pickle.dumps([1, {"a": (Call(os.mkdir, str(trace)),)}], protocol)
    assert pickled_calls(pickled) == {f"{os.mkdir.__module__}.mkdir"}
    assert not trace.exists()


def test_a_called_class_is_told_from_one_that_is_only_created() -> None:
    layer = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    calls = pickled_calls(pickle.dumps(layer))
    assert "collections.OrderedDict" in calls
    assert not [call for call in calls if call.startswith("torch.nn.modules.")]
    constructed = pickle.dumps({"layer": layer, "other": Call(nn.Conv2d, 3, 4, 1)})
    assert "torch.nn.modules.conv.Conv2d" in pickled_calls(constructed)


def test_ordinary_containers_are_read() -> None:
    values = [OrderedDict(a=1), {1, 2}, frozenset({3}), bytearray(b"x"), Path("a"), 1j, [[]] * 3]
    assert pickled_calls(pickle.dumps([*values, torch.float32]))


def test_a_broken_pickle_is_an_error() -> None:
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        pickled_calls(pickle.dumps([1, 2, 3])[:-3])
