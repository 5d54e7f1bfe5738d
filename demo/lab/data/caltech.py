"""Photos of Caltech-101, by category."""

from pathlib import Path

from demo.errors import DemoError
from demo.lab.data.official import official
from demo.lab.data.splits import is_test

_THINGS = """
accordion anchor barrel brain camera cannon ceiling_fan cellphone chandelier dollar_bill dragonfly
electric_guitar ewer gramophone grand_piano headphone inline_skate joshua_tree lamp lotus mandolin
menorah metronome minaret nautilus pagoda pyramid revolver soccer_ball stapler starfish sunflower
watch water_lilly wrench yin_yang
"""
_FAR_FROM_CIFAR10 = """
accordion anchor ant barrel bass binocular bonsai brain buddha butterfly camera cannon ceiling_fan
cellphone chair chandelier crab crayfish cup dollar_bill dolphin dragonfly electric_guitar
euphonium ewer gramophone grand_piano headphone inline_skate joshua_tree lamp laptop lobster lotus
mandolin mayfly menorah metronome minaret nautilus octopus pagoda pizza pyramid revolver saxophone
scissors scorpion sea_horse soccer_ball stapler starfish stop_sign strawberry sunflower tick
trilobite umbrella watch water_lilly wheelchair windsor_chair wrench yin_yang
"""

NOT_DETECTED = tuple(_THINGS.split())
"""Categories of scenes and single objects without any class of `yolo-vitrine`."""

NOT_IN_CIFAR10 = tuple(_FAR_FROM_CIFAR10.split())
"""Categories neither of CIFAR-10's ten things nor close to one: no four-legged animals, birds,
frogs, vehicles, boats or aircraft."""

ALL_PHOTOS = 100_000
"""A count above the number of photos in the set."""

_SUFFIXES = {".webp", ".jpg"}
_SOURCE = "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip"
"""Where torchvision downloads it from, which does not name the address elsewhere."""


def caltech_folder(data: Path | None, cache: Path) -> Path:
    """The folder of the categories: local, or downloaded into `cache` by torchvision.

    Raises DemoError where `data` is given and lacks it, or the download fails.
    """
    if data is None:
        from torchvision.datasets import Caltech101

        official("caltech101", _SOURCE, lambda fetch: Caltech101(str(cache), download=fetch))
        return cache / "caltech101" / "101_ObjectCategories"
    if not (data / "caltech101").is_dir():
        raise DemoError("lab_data_missing", dataset="caltech101", expected="caltech101/<category>")
    return data / "caltech101"


def interleaved_paths(
    folder: Path, categories: tuple[str, ...], count: int, part: str | None = None
) -> list[str]:
    """Up to `count` paths inside `folder`: the first photo of each category, then the second, …

    part: train or test (`is_test` of the path), None for both.
    """
    columns = []
    for category in categories:
        names = sorted(p.name for p in (folder / category).iterdir() if p.suffix in _SUFFIXES)
        paths = [f"{category}/{name}" for name in names]
        columns.append([p for p in paths if part is None or is_test(p) == (part == "test")])
    longest = max(len(column) for column in columns)
    paths = [column[row] for row in range(longest) for column in columns if row < len(column)]
    return paths[:count]
