"""The folder of converted networks: bounded, atomic, checked."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from demo.inference.conversion_cache import ConversionCache, Key

KEY = Key("m", "0" * 64, "", (3, 32, 32), "f32", "[]")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cache = ConversionCache(tmp_path / "new", 1000)
    assert cache.read(KEY) is None
    cache.write(KEY, b"network\nof two lines")
    assert cache.read(KEY) == b"network\nof two lines"
    cache.write(KEY, b"")
    assert cache.read(KEY) == b""
    assert [path.name for path in (tmp_path / "new").iterdir()] == [KEY.name]


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, model="n"),
        replace(KEY, weights_sha256="1" * 64),
        replace(KEY, description="1"),
        replace(KEY, shape=(3, 32, 64)),
        replace(KEY, precision="bf16"),
        replace(KEY, versions="[1]"),
    ],
)
def test_it_answers_for_nothing_else(tmp_path: Path, other: Key) -> None:
    cache = ConversionCache(tmp_path, 1000)
    cache.write(KEY, b"network")
    assert cache.read(other) is None
    # Nor where somebody gives the file another name.
    (tmp_path / KEY.name).rename(tmp_path / other.name)
    assert cache.read(other) is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = ConversionCache(tmp_path, 1000)
    keys = [replace(KEY, shape=(3, 32, side)) for side in range(4)]
    for age, key in enumerate(keys[:3]):
        cache.write(key, b"n" * 200)
        os.utime(tmp_path / key.name, (1000 + age, 1000 + age))
    assert cache.read(keys[0]) is not None  # used now
    cache.write(keys[3], b"n" * 300)
    assert [cache.read(key) is not None for key in keys] == [True, False, True, True]


def test_a_folder_that_cannot_be_used_is_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "demo.inference")
    (tmp_path / "file").touch()
    cache = ConversionCache(tmp_path / "file", 1000)
    cache.write(KEY, b"network")
    assert cache.read(KEY) is None
    assert "kept in memory only" in caplog.text


def test_two_servers_may_write_the_same(tmp_path: Path) -> None:
    one, two = ConversionCache(tmp_path, 1000), ConversionCache(tmp_path, 1000)
    one.write(KEY, b"network")
    two.write(KEY, b"network")
    assert one.read(KEY) == two.read(KEY) == b"network"
