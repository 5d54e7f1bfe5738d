import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from demo.system import trim

ROOT = Path(__file__).resolve().parents[1]
only_glibc = pytest.mark.skipif(sys.platform != "linux", reason="only glibc has mallopt")


@only_glibc
def test_trim_gives_freed_memory_back() -> None:
    process = psutil.Process()
    # Small pieces stay in the heap when they are freed; large ones are mapped and go at once.
    pieces = [np.ones(10_000) for _ in range(3000)]
    kept = pieces[::500]
    held = process.memory_info().rss
    del pieces
    trim()
    assert held - process.memory_info().rss > 150_000_000
    assert len(kept) == 6


ENTRIES = {
    "plain": ("", True),
    "settle_heaps": ("from demo.system import settle_heaps; settle_heaps()", False),
    "lab": ("from demo.lab.__main__ import main; main(['list'])", False),
    "training": (
        "from demo.lab import recipe, runs; from demo.lab.options import TrainOptions;"
        "ours, theirs = Pipe();"
        "options = TrainOptions(folder / 'run', 1, folder / 'no data');"
        "runs._work(theirs, recipe.find_recipe('cnn-cifar10'), options);"
        "assert ours.recv().key == 'lab_data_missing'",
        False,
    ),
    "video": (
        "from demo.video.__main__ import main; main(['in.mp4', 'out.mp4', '--model', 'x'])",
        False,
    ),
    "batch": (
        "from demo.batch.__main__ import main;"
        "main(['x', 'in.jpg', '--out', str(folder / 'out'), '--format', 'csv'])",
        False,
    ),
}


@only_glibc
@pytest.mark.parametrize("entry", ENTRIES)
def test_programs_that_run_networks_keep_large_blocks_in_their_heaps(
    entry: str, tmp_path: Path
) -> None:
    """As observed of the C library after the start of the program, each in a process of its own."""
    code, maps = ENTRIES[entry]
    probe = (
        "from multiprocessing import Pipe; from pathlib import Path;"
        "from tests.support.heaps import maps_large_blocks\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"{code}\nprint('maps large blocks:', maps_large_blocks())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.endswith(f"maps large blocks: {maps}\n"), ran.stderr
