"""Waiting for a process that works in the background."""

import subprocess
import sys
import time

import pytest

from benchmarks.servers import wait_until_idle

BUSY = """
import subprocess, sys, time
subprocess.run([sys.executable, "-c",
    "import time; end = time.process_time() + 1.5\\nwhile time.process_time() < end: pass"])
print("done", flush=True)
time.sleep(60)
"""


def test_work_of_a_child_is_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
        try:
            wait_until_idle(process, 60)
            assert process.stdout is not None
            assert process.stdout.readline() == b"done\n"
        finally:
            process.kill()


def test_one_that_never_rests_is_an_error() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            start = time.perf_counter()
            with pytest.raises(TimeoutError, match="not idle within 2 s"):
                wait_until_idle(process, 2)
            assert time.perf_counter() - start < 20
        finally:
            process.kill()
