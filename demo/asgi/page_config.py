"""The page's configuration as it travels to browsers."""

from gradio.data_classes import BlocksConfigDict


def compact(config: BlocksConfigDict) -> BlocksConfigDict:
    """The configuration with components of one kind side by side, which compresses better.

    The layout names components by their ids, so that their order says nothing.
    """
    config["components"] = sorted(config["components"], key=lambda one: (one["type"], one["id"]))
    return config
