"""How often `Any` stands in the types of a Python module."""

import ast
from collections.abc import Iterator

from benchmarks.source_tree import Module


def any_uses(module: Module) -> tuple[int, int]:
    """Uses of `Any`, and of `dict[str, Any]` among them, in declared types.

    Declared types are those of arguments, of return values and of annotated names. A name that the
    module gives to a type at its top (`Facts = dict[str, Any]`) counts as that type wherever the
    module uses it, so that no alias hides an `Any`.
    """
    everything, dicts = 0, 0
    aliases = _aliases(module.tree)
    for annotation in _annotations(module.tree):
        for node in _resolved(annotation, aliases):
            everything += isinstance(node, ast.Name) and node.id == "Any"
            dicts += _is_dict_of_any(node)
    return everything, dicts


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield node.returns


def _aliases(tree: ast.Module) -> dict[str, ast.expr]:
    """Types with a name at the top of the module: `X = …` and `X: TypeAlias = …`."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() | ast.BinOp()):
                found[name] = node.value
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                if node.value is not None:
                    found[name] = node.value
    return found


def _resolved(annotation: ast.expr, aliases: dict[str, ast.expr]) -> Iterator[ast.AST]:
    """Every node of a type, with quoted parts parsed and aliases followed."""
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(annotation, frozenset())]
    while waiting:
        node, followed = waiting.pop()
        yield node
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            waiting.append((ast.parse(node.value, mode="eval").body, followed))
        elif isinstance(node, ast.Name) and node.id in aliases.keys() - followed:
            waiting.append((aliases[node.id], followed | {node.id}))
        elif not (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"):
            waiting.extend((child, followed) for child in ast.iter_child_nodes(node))


def _is_dict_of_any(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node) == "dict[str, Any]"
