import sys

import numpy as np
import psutil
import pytest

from demo.system import trim


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has malloc_trim")
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
