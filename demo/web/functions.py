"""The functions that requests name: the page's handlers, and the endpoints among them."""

from gradio.block_function import BlockFunction
from gradio.blocks import Blocks

from demo.errors import DemoError


def endpoints(page: Blocks) -> dict[str, BlockFunction]:
    """The functions that programs may call, by name."""
    return {
        str(function.api_name): function
        for function in page.fns.values()
        if function.api_visibility == "public" and function.fn is not None
    }


def unknown_function(page: Blocks) -> DemoError:
    """The error of a request for a function that there is not."""
    return DemoError("unknown_function", some=", ".join(f"/{name}" for name in endpoints(page)))


def check_count(function: BlockFunction, got: int) -> None:
    """Raise DemoError unless `got` is the number of values that a function takes."""
    wanted = len(function.inputs)
    if got == wanted:
        return
    if not wanted:
        raise DemoError("no_arguments", got=got)
    names = ", ".join(value_names(function))
    raise DemoError("wrong_arguments", wanted=wanted, names=names, got=got)


def wrong_names(function: BlockFunction) -> DemoError:
    """The error of a request that gives its values by other names than the function's."""
    names = ", ".join(value_names(function))
    return DemoError("wrong_names", names=names) if names else DemoError("no_names")


def value_names(function: BlockFunction) -> list[str]:
    """Names of the values that a function takes; of a handler of the page only their kinds."""
    labels = [(str(getattr(block, "label", None)), block) for block in function.inputs]
    known = function.api_visibility == "public"
    return [label if known else block.get_block_name() for label, block in labels]
