"""The reference that pdoc makes of the docstrings builds without warnings."""

import subprocess
import sys
from pathlib import Path

from benchmarks import source_tree

ROOT = Path(__file__).parents[1]
# PyAV's type stubs call Packet generic; its compiled class is not, so pdoc cannot evaluate it.
EXPECTED = "type 'av.packet.Packet' is not subscriptable"


def test_every_module_has_a_page(tmp_path: Path) -> None:
    program = ["-m", "pdoc", "-d", "google", "--no-search", "--no-show-source"]
    built = subprocess.run(
        [sys.executable, *program, "-o", str(tmp_path), "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    assert [line for line in built.stderr.splitlines() if EXPECTED not in line] == []
    for module in source_tree.read(ROOT):
        if module.path.stem != "__main__":
            page = tmp_path / (module.name.replace(".", "/") + ".html")
            assert page.is_file(), module.name
