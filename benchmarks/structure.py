"""The figures of the source tree, each with its bar, and the table of rooms for its guide.

python -m benchmarks.structure                  print the figures
python -m benchmarks.structure --root PATH      of another checkout, also of an older layout
python -m benchmarks.structure --places         and where those that count places find them
python -m benchmarks.structure --rooms          write the table of rooms into demo/README.md
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks import needs, source_branches, source_tree, source_types
from benchmarks.source_tree import Module

ROOT = Path(__file__).parents[1]
_START, _END = "<!-- rooms: python -m benchmarks.structure --rooms -->", "<!-- /rooms -->"


@dataclass(frozen=True)
class Figure:
    """One number about the tree.

    bar: the largest value that is allowed. places: what was counted, for a figure that counts.
    """

    name: str
    value: float
    bar: float
    places: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the value is within its bar."""
        return self.value <= self.bar


def measure(root: Path) -> list[Figure]:
    """All figures of the tree at `root`."""
    modules = source_tree.read(root)
    parts: tuple[Callable[[list[Module]], list[Figure]], ...] = (_sizes, _types, _rules)
    return [figure for part in parts for figure in part(modules)]


def _sizes(modules: list[Module]) -> list[Figure]:
    top = [str(m.path) for m in modules if len(m.path.parts) == 2 and m.path.stem != "__init__"]
    lines = {str(module.path): module.lines for module in modules}
    functions = source_tree.function_lines(modules)
    return [
        _count("modules at the top of demo/", 12, top),
        Figure("lines of a module, median", median(lines.values()), 110),
        _longest("lines of a module, most", 250, lines),
        Figure("lines of a function, median", median(functions.values()), 8),
        Figure("lines of a function, 90 % within", quantiles(functions.values(), n=10)[-1], 25),
        _longest("lines of a function, most", 45, functions),
    ]


def _types(modules: list[Module]) -> list[Figure]:
    uses = {str(module.path): source_types.any_uses(module) for module in modules}
    return [
        _sum("uses of Any in declared types", 60, {path: n for path, (n, _) in uses.items()}),
        _sum("uses of dict[str, Any] among them", 15, {path: n for path, (_, n) in uses.items()}),
    ]


def _rules(modules: list[Module]) -> list[Figure]:
    branches = source_branches.task_branches(modules)
    # A task or a back end is one new file, and every file that has to know it besides.
    tasks = ["one file in demo/tasks/", *sorted({place.split(":")[0] for place in branches})]
    backends = ["one file in demo/backends/", *source_branches.backend_places(modules)]
    circles = [" → ".join(circle) for circle in source_tree.circles(source_tree.imports(modules))]
    duplicates = [" = ".join(places) for places in source_tree.duplicates(modules)]
    return [
        _count("branches on task or result type outside demo/tasks/", 0, branches),
        _count("places to touch for a task", 1, tasks),
        _count("places to touch for a back end", 1, backends),
        _count("import circles", 0, circles),
        _count("runs of six or more equal lines", 10, duplicates),
    ]


def _count(name: str, bar: int, places: list[str]) -> Figure:
    return Figure(name, len(places), bar, tuple(places))


def _longest(name: str, bar: int, lines: dict[str, int]) -> Figure:
    over = tuple(f"{place}: {number}" for place, number in lines.items() if number > bar)
    return Figure(name, max(lines.values()), bar, over)


def _sum(name: str, bar: int, uses: dict[str, int]) -> Figure:
    places = tuple(f"{place}: {number}" for place, number in uses.items() if number)
    return Figure(name, sum(uses.values()), bar, places)


def rooms(root: Path) -> str:
    """The table of rooms: every package and top module of demo/ with its docstring, Markdown."""
    rows = ["| room | what it holds |", "| --- | --- |"]
    for module in source_tree.read(root):
        place = module.path.relative_to("demo")
        if place.name == "__init__.py" and place.parent.parts:
            name = f"`{place.parent.as_posix()}/`"
        elif len(place.parts) == 1 and place.stem != "__init__":
            name = f"`{place.name}`"
        else:
            continue
        rows.append(f"| {name} | {source_tree.first_line(module)} |")
    return "\n".join(rows)


def with_rooms(guide: str, table: str) -> str:
    """`guide` with `table` between its markers. Raises ValueError where they are missing."""
    before, start, rest = guide.partition(_START)
    _, end, after = rest.partition(_END)
    if not start or not end:
        raise ValueError(f"expected {_START} and {_END} in the guide")
    return f"{before}{start}\n{table}\n{end}{after}"


def main(arguments: list[str]) -> int:
    """Print the figures, or write the table; 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--places", action="store_true")
    parser.add_argument("--rooms", action="store_true")
    options = parser.parse_args(arguments)
    if options.rooms:
        guide = options.root / "demo" / "README.md"
        guide.write_text(with_rooms(guide.read_text("utf-8"), rooms(options.root)), "utf-8")
        return 0
    figures = measure(options.root)
    for figure in figures:
        verdict = "ok" if figure.holds else "over"
        print(f"{figure.name:<52} {figure.value:>6g}  ≤ {figure.bar:<4g} {verdict}")
        for place in figure.places if options.places else ():
            print(f"    {place}")
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    needs.run(main)
