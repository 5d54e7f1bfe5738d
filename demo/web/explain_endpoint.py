"""The endpoint `/explain` of the Gradio API."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import cast

import gradio as gr

from demo.explain.passes import Progress
from demo.service.explanations import Explained, Explanations
from demo.validate import switch
from demo.web.components.explaining import steps
from demo.web.components.model_picker import default_model
from demo.web.components.picture import PictureIn
from demo.web.components.private_files import save
from demo.web.endpoints import required_picture, unseen_components
from demo.web.listener import Listener
from demo.web.tab import Context
from demo.web.views.explanation import map_array


def publish_explain(context: Context) -> None:
    """Add the endpoint `/explain` to the page."""
    with unseen_components():
        inputs = [
            PictureIn(label="image"),
            gr.Textbox(default_model(context, "classify"), label="model"),
            gr.Textbox("", label="method"),
            gr.Textbox("", label="target"),
            gr.Textbox("", label="layer"),
            gr.Checkbox(True, label="check"),
        ]
        outputs = [cast(gr.components.Component, gr.File(label="map")), gr.JSON(label="answer")]
        gr.Button().click(_endpoint(context), inputs, outputs, api_name="explain")


def _endpoint(context: Context) -> Callable[..., Iterator[tuple[object, object]]]:
    service = Explanations(context.service)

    def explain(
        request: gr.Request,
        image: str | None,
        model: str,
        method: str,
        target: str,
        layer: str,
        check: bool,
    ) -> Iterator[tuple[object, object]]:
        """Show what in a picture speaks for an answer, and whether that can be trusted.

        Args:
            image: the picture, an uploaded file.
            model: the name of a classifier, a detector or a segmenter, see /models.
            method: layer-cam, grad-cam, grad-cam-plus-plus, attention-rollout (of transformers),
                integrated-gradients or occlusion; empty is the first that suits the model.
            target: a label or the id of a class; of a detector or segmenter the number of a box,
                best first, and another class for it as in 2:dog. Empty is the best of the answer.
            layer: one of the model's layers for maps; empty is all of them.
            check: whether the map is checked, which takes up to 60 passes.

        Returns:
            The raw map as a NumPy file, and the facts of it with its check as JSON.
        """
        path = required_picture(image)
        checked = switch(check, "check")
        listener = Listener(context.page, str(request.session_hash))
        answer = service.answer(path, model, {})
        for found in _awaited(
            context, listener, partial(service.explain, answer, method, target, layer)
        ):
            if found is None:
                yield gr.skip(), gr.skip()
        assert found is not None
        file = save(map_array(found), str(context.service.uploads.folder), "npy", "map")
        yield file, found.facts
        if checked:
            for judged in _awaited(context, listener, partial(service.check, found)):
                yield file, (judged or found).facts

    return explain


def _awaited(
    context: Context, listener: Listener, work: Callable[[Progress], Explained]
) -> Iterator[Explained | None]:
    """What the work gives; None now and then before. It ends where nobody listens."""
    with closing(steps(context.service, work)) as passes:
        for step in passes:
            listener.check()
            yield step if isinstance(step, Explained) else None
