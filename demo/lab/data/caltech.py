"""Photos of single things from Caltech-101, for what a model should not recognise."""

from pathlib import Path

from demo.errors import DemoError
from demo.lab.data.splits import is_test

_THINGS = """
accordion anchor barrel bonsai brain camera cannon car_side ceiling_fan cellphone chair chandelier
cup dollar_bill dragonfly electric_guitar ewer ferry gramophone grand_piano headphone inline_skate
joshua_tree ketch lamp laptop lotus mandolin menorah metronome minaret nautilus pagoda pizza
pyramid revolver schooner scissors soccer_ball stapler starfish stop_sign sunflower umbrella watch
water_lilly wheelchair windsor_chair wrench yin_yang
"""
_FAR_FROM_CIFAR10 = """
accordion anchor ant barrel bass binocular bonsai brain buddha butterfly camera cannon ceiling_fan
cellphone chair chandelier crab crayfish cup dollar_bill dolphin dragonfly electric_guitar
euphonium ewer gramophone grand_piano headphone inline_skate joshua_tree lamp laptop lobster lotus
mandolin mayfly menorah metronome minaret nautilus octopus pagoda pizza pyramid revolver saxophone
scissors scorpion sea_horse soccer_ball stapler starfish stop_sign strawberry sunflower tick
trilobite umbrella watch water_lilly wheelchair windsor_chair wrench yin_yang
"""

NO_ANIMAL_NO_FACE = tuple(_THINGS.split())
"""Categories that hold none of the detector's classes, scenes and single objects."""

NOT_IN_CIFAR10 = tuple(_FAR_FROM_CIFAR10.split())
"""Categories neither of CIFAR-10's ten things nor close to one: no four-legged animals, birds,
frogs, vehicles, boats or aircraft."""

_PHOTOS = {".webp", ".jpg"}


def caltech_folder(data: Path | None, cache: Path) -> Path:
    """The folder of the categories: local, or downloaded into `cache` by torchvision.

    Raises DemoError where `data` is given and holds none.
    """
    if data is None:
        from torchvision.datasets import Caltech101

        Caltech101(str(cache), download=True)
        return cache / "caltech101" / "101_ObjectCategories"
    if not (data / "caltech101").is_dir():
        raise DemoError("lab_data_missing", dataset="caltech101", expected="caltech101/<category>")
    return data / "caltech101"


def spread(
    folder: Path, categories: tuple[str, ...], count: int, part: str | None = None
) -> list[str]:
    """`count` paths inside `folder`, one of each category in turn, in the order of their names.

    part: train or test (`is_test` of the path), None for both.
    """
    columns = []
    for category in categories:
        names = sorted(p.name for p in (folder / category).iterdir() if p.suffix in _PHOTOS)
        column = [f"{category}/{name}" for name in names]
        columns.append([i for i in column if part is None or is_test(i) == (part == "test")])
    deepest = max(len(column) for column in columns)
    turns = [column[row] for row in range(deepest) for column in columns if row < len(column)]
    return turns[:count]
