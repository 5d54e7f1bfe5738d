"""Where a tree of Python sources decides by task, by result type or by back end."""

import ast
import re
from collections.abc import Iterable, Iterator

from benchmarks.source_tree import Module

_TASKS = frozenset({"classify", "detect", "generate", "segment", "pose", "obb"})
_TYPES = re.compile(r"Scores|Detections|Poses|OrientedBoxes|GeneratedImages?|\w*Recipe")
"""Result types, and recipes of a kind."""
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_COMPARISONS = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
_TASK_ROOMS = ("demo.tasks",)
_OLD_CORE = ("demo.models", "demo.engine", "demo.batching", "demo.resident", "demo.inference")


def task_branches(modules: Iterable[Module]) -> list[str]:
    """Decisions by task, result type or kind of recipe outside demo/tasks, as `path:line`.

    These count: a comparison with the name of a task; one of a `task` with constants (two
    variables may be compared: that selects and decides nothing); `isinstance` and class patterns
    of a result type or a recipe; a dictionary with the names of several tasks as keys.
    """
    return [
        f"{module.path}:{node.lineno}"
        for module in modules
        if not module.name.startswith(_TASK_ROOMS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.expr | ast.pattern) and _decides(node)
    ]


def _decides(node: ast.expr | ast.pattern) -> bool:
    match node:
        case ast.Compare():
            return _compares_task(node)
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
            return any(_TYPES.fullmatch(name) for name in _names(kinds))
        case ast.MatchClass(cls=kind):
            return any(_TYPES.fullmatch(name) for name in _names(kind))
        case ast.MatchValue(value=ast.Constant(value=str(value))):
            return value in _TASKS
        case ast.Dict(keys=keys):
            return len({text for key in keys if key for text in _texts(key)} & _TASKS) > 1
    return False


def _compares_task(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    if not isinstance(node.ops[0], _COMPARISONS):
        return False
    if any(_TASKS.intersection(_texts(side)) for side in sides if not isinstance(side, ast.Call)):
        return True
    others = [side for side in sides if not _is_task(side)]
    return len(others) < len(sides) and any(_is_constant(side) for side in others)


def _is_task(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr="task") | ast.Name(id="task"):
            return True
        case ast.Subscript(slice=ast.Constant(value="task")):
            return True
    return False


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Set):
        return True
    name = ast.unparse(node).split(".")[-1]
    return _CONSTANT.fullmatch(name) is not None


def _texts(node: ast.expr) -> Iterator[str]:
    """The strings of a constant, or of a display of constants."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _names(kinds: ast.expr) -> list[str]:
    """The last names of one type, of a tuple or of a union of types."""
    return [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(kinds)
        if isinstance(node, ast.Attribute | ast.Name)
    ]


def backend_places(modules: list[Module]) -> list[str]:
    """Files outside demo/backends that name one of its back ends, by import or by string.

    In a tree without demo/backends torch is the one back end: the files of models and engine that
    have it in the type of an argument, an answer or a name.
    """
    backends = [m for m in modules if m.name.startswith("demo.backends.") and _declares(m)]
    if not backends:
        core = (m for m in modules if m.name.startswith(_OLD_CORE))
        return [str(m.path) for m in core if _has_torch_in_types(m)]
    stems = {m.path.stem for m in backends}
    names = stems | {stem.replace("_", "-") for stem in stems}
    others = (m for m in modules if not m.name.startswith("demo.backends"))
    return [str(m.path) for m in others if _mentions(m, names)]


def _declares(module: Module) -> bool:
    """Whether the module declares a back end for the collection to find."""
    targets = (
        target
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    return any(isinstance(t, ast.Name) and t.id.startswith("BACKEND") for t in targets)


def _mentions(module: Module, names: set[str]) -> bool:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and node.value in names:
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("demo.backends"):
            imported = {alias.name for alias in node.names} | {str(node.module).split(".")[-1]}
            if imported & names:
                return True
    return False


def _has_torch_in_types(module: Module) -> bool:
    for node in ast.walk(module.tree):
        match node:
            case ast.arg(annotation=ast.expr() as kind) | ast.AnnAssign(annotation=kind):
                pass
            case ast.FunctionDef(returns=ast.expr() as kind):
                pass
            case _:
                continue
        if "torch." in ast.unparse(kind):
            return True
    return False
