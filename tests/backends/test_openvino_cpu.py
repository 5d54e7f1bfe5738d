"""OpenVINO as it is imported: it writes nothing and asks nobody."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import socket, time

def refuse(*arguments, **named):
    print("looked up", arguments)
    raise OSError("no network here")

socket.getaddrinfo = refuse
from demo.backends.openvino_cpu import processor
assert "FP32" in processor()
time.sleep(1)
"""


def test_its_import_writes_nothing_and_looks_up_nothing(tmp_path: Path) -> None:
    """It brings a package along that reports its use, but not where CI is set."""
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=kept | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ran.stdout == ""
    assert list(tmp_path.iterdir()) == []
