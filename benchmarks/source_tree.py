"""Facts about a tree of Python sources, read by AST and never by importing it."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

DUPLICATE_LINES = 6
"""Length of the shortest run of equal lines that counts as a duplicate."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Module:
    """One source file.

    name: dotted, `demo.images` for `demo/images/__init__.py`. path: relative to the project.
    """

    name: str
    path: Path
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.source)

    @property
    def lines(self) -> int:
        """Number of lines of the file."""
        return self.source.count("\n")

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones included."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def read(root: Path, package: str = "demo") -> list[Module]:
    """All modules of `root`/`package`, sorted by path."""
    modules = []
    for path in sorted((root / package).rglob("*.py")):
        place = path.relative_to(root)
        parts = place.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules.append(Module(name, place, path.read_text("utf-8")))
    return modules


def first_line(module: Module) -> str:
    """The first line of a module's docstring, "" without one."""
    return (ast.get_docstring(module.tree) or "").partition("\n")[0]


def function_lines(modules: Iterable[Module]) -> dict[str, int]:
    """`path:line name` of every function → its lines, decorators not counted."""
    return {
        f"{module.path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules
        for node in module.functions()
    }


def imports(modules: list[Module]) -> dict[str, set[str]]:
    """Which modules of the tree each module imports, at its top, in functions or for types."""
    names = {module.name for module in modules}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                graph[module.name] |= {alias.name for alias in node.names} & names
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    target = f"{node.module}.{alias.name}"
                    graph[module.name] |= {target if target in names else node.module} & names
        graph[module.name].discard(module.name)
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Import circles; each is broken at one import before the next is looked for."""
    left = {name: set(targets) for name, targets in graph.items()}
    found: list[list[str]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # The error lists predecessors: each of its modules is imported by the next one.
            circle: list[str] = error.args[1]
            left[circle[1]].discard(circle[0])
            found.append(circle[::-1])
        else:
            return found


def duplicates(modules: Iterable[Module], length: int = DUPLICATE_LINES) -> list[list[str]]:
    """Runs of `length` or more equal lines that stand in more than one place.

    Lines are compared without indentation; blank lines, comments, docstrings and imports are left
    out. Each distinct run counts once, however often it is repeated.

    Returns:
        One list a run: its places, `path:line` of each first line.
    """
    windows: dict[tuple[str, ...], list[tuple[str, int, int]]] = defaultdict(list)
    for module in modules:
        lines = _code_lines(module)
        for i in range(len(lines) - length + 1):
            text = tuple(line for _, line in lines[i : i + length])
            windows[text].append((str(module.path), i, lines[i][0]))
    repeated = [places for places in windows.values() if len(places) > 1]
    # A window that continues another one's run, in all of its places, belongs to that run.
    inner = {tuple((path, i + 1) for path, i, _ in places) for places in repeated}
    runs = [places for places in repeated if tuple((p, i) for p, i, _ in places) not in inner]
    return [[f"{path}:{line}" for path, _, line in places] for places in runs]


def _code_lines(module: Module) -> list[tuple[int, str]]:
    """Number and stripped text of the lines that `duplicates` compares."""
    skipped: set[int] = set()
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom):
            continue
        if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
            skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(module.source.splitlines(), 1)
    return [
        (number, line.strip())
        for number, line in lines
        if number not in skipped and line.strip() and not line.strip().startswith("#")
    ]
