"""Photos of things outside a classifier's classes, by set."""

from pathlib import Path

import pytest
from PIL import Image

from demo.errors import DemoError
from demo.lab.data.outliers import further_things


def test_further_things_are_read_by_set_and_only_without_cars(tmp_path: Path) -> None:
    def photo(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 10), (9, 90, 0)).save(path)

    rows = {
        "animals": [("g.png", "sheep")],
        "fruit": [("a.png", "apple")],
        "person_masks": [("b.png", "person"), ("c.png", "person")],
        "vehicles": [("d.png", "bus"), ("d.png", "car"), ("e.png", "truck")],
    }
    for name, boxes in rows.items():
        for file, _ in boxes:
            photo(tmp_path / name / "images" / file)
        lines = ["file,x0,y0,x1,y1,class", *(f"{file},0,0,5,5,{label}" for file, label in boxes)]
        (tmp_path / name / "boxes.csv").write_text("\n".join(lines), "utf-8")
    with pytest.raises(DemoError, match="grocery81"):
        further_things(tmp_path, tmp_path / "cache", 8)
    photo(tmp_path / "grocery81" / "Milk" / "f.png")
    sets = further_things(tmp_path, tmp_path / "cache", 8)
    # The one farm animal is a foreign photo already.
    assert {name: images.shape for name, images in sets.items()} == {
        "fruit": (1, 8, 8, 3),
        "dressed persons": (2, 8, 8, 3),
        "buses and trucks": (1, 8, 8, 3),
        "groceries": (1, 8, 8, 3),
    }
