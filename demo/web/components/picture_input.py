"""The input picture of a tab, with examples under it."""

from collections.abc import Callable, Sequence
from typing import cast

import gradio as gr

from demo.errors import DemoError
from demo.service import examples
from demo.web.components.batches.strip import batch_opener
from demo.web.components.model_picker import default_model
from demo.web.components.picture import PictureIn
from demo.web.components.shared_picture import share_picture
from demo.web.tab import Context, Files


def picture_input(
    context: Context, name: str, task: str = "", lists: Sequence[Files] = ()
) -> PictureIn:
    """Lay out upload, clipboard and webcam with the examples.

    Args:
        context: gives the service.
        name: the prefix of the elements' ids.
        task: the task whose models have examples of their own, see `follow_model`, and answer about
            several pictures at once; none for the page's common ones.
        lists: other examples than these; the first shows.
    """
    picture = PictureIn(
        sources=["upload", "clipboard", "webcam"],
        label=context.t("your_picture"),
        placeholder=cast(str, context.t("put_picture")),  # translated as labels are
        height=380,
        buttons=["fullscreen"],
        webcam_options=gr.WebcamOptions(mirror=False),
        elem_id=f"{name}-picture",
    )
    share_picture(context, name, picture)
    if task:
        batch_opener(context, task)
    with gr.Column(elem_id=f"{name}-examples"):
        lists = lists or _lists(context, task)
        context.examples[picture] = {
            files: _row(context, picture, files, files == lists[0]) for files in lists
        }
    return picture


def follow_model(context: Context, picture: PictureIn, model: gr.Dropdown) -> None:
    """Show under `picture` the examples on which the chosen model is worth seeing."""

    def files(name: str) -> Files:
        return tuple(examples.of(context.service.engine.spec(name)))

    _follow(context, picture, model, files)


def follow_task(context: Context, picture: PictureIn, task: gr.Radio) -> None:
    """Show under `picture` the examples of the chosen task's best model."""

    def files(name: str) -> Files:
        return examples_of_task(context, name)

    _follow(context, picture, task, files)


def examples_of_task(context: Context, task: str) -> Files:
    """The examples of the best model of a task that is here; the common ones where there is none.

    Raises DemoError for a model that is gone.
    """
    best = default_model(context, task)
    return tuple(examples.of(context.service.engine.spec(best) if best else None))


def _follow(
    context: Context,
    picture: PictureIn,
    control: gr.Dropdown | gr.Radio,
    examples_of: Callable[[str], Files],
) -> None:
    lists = context.examples[picture]

    def follow(name: str) -> list[object]:
        try:
            chosen = examples_of(name)
        except DemoError:  # the answer itself reports what is wrong with the name
            return [gr.skip() for _ in lists]
        return [gr.Column(visible=files == chosen) for files in lists]

    control.change(
        follow, control, list(lists.values()), show_progress="hidden", api_visibility="private"
    )


def _lists(context: Context, task: str) -> list[Files]:
    """The examples of each group of models that have the same, those of the default first."""
    engine = context.service.engine
    specs = [engine.spec(row["name"]) for row in engine.models() if row["task"] == task]
    # The common ones too: they belong to the owner's own models, which may come later.
    groups = [tuple(examples.of(one)) for one in specs]
    return list(dict.fromkeys([examples_of_task(context, task), *groups, tuple(examples.paths())]))


def _row(context: Context, picture: PictureIn, files: Files, visible: bool) -> gr.Column:
    column = gr.Column(visible=visible)
    with column:
        gr.Examples(
            [[str(path)] for path in files],
            inputs=[picture],
            label=context.t("examples"),
            api_visibility="private",
        )
    return column
