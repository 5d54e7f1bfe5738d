"""The reference that pdoc makes of the docstrings builds without warnings."""

import os
import re
from pathlib import Path

from benchmarks import source_tree
from tests.support.preloaded import Preloaded

ROOT = Path(__file__).parents[1]
# What pdoc 16 cannot follow: attributes that a TypedDict inherits, a type that pydantic declares
# for type checkers only, and PyAV's Packet, generic in its stubs and not in its compiled class.
KNOWN = re.compile(
    r"Cannot determine where \S+ is taken from|PydanticDataclass|'av.packet.Packet'"
    r" is not subscriptable"
)


def test_every_room_has_a_page(preloaded: Preloaded, tmp_path: Path) -> None:
    program = ["-m", "pdoc", "-d", "google", "--no-search", "--no-show-source"]
    built = preloaded.run([*program, "-o", str(tmp_path), "demo"], ROOT, dict(os.environ))
    assert built.returncode == 0, built.stderr
    assert [line for line in built.stderr.splitlines() if not KNOWN.search(line)] == []
    for module in source_tree.read(ROOT):
        if module.path.stem == "__init__":
            page = tmp_path / (module.name.replace(".", "/") + ".html")
            assert page.is_file(), module.name
