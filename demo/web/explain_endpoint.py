"""The endpoint `/explain` of the Gradio API."""

from typing import cast

import gradio as gr

from demo.explain.passes import Progress
from demo.service.explanations import ExplainFacts, Explanations
from demo.validate import switch
from demo.web.components.model_picker import default_model
from demo.web.components.picture import PictureIn
from demo.web.components.private_files import save
from demo.web.endpoints import required_picture, unseen_components
from demo.web.tab import Context
from demo.web.views.explanation import map_array


def publish_explain(context: Context) -> None:
    """Add the endpoint `/explain` to the page."""
    service = Explanations(context.service)

    def explain(
        image: str | None, model: str, method: str, target: str, layer: str, check: bool
    ) -> tuple[str, ExplainFacts]:
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
        found = service.explain(service.answer(path, model, {}), method, target, layer)
        if checked:
            found = service.check(found, Progress())
        file = save(map_array(found), str(context.service.uploads.folder), "npy", "map")
        return file, found.facts

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
        gr.Button().click(explain, inputs, outputs, api_name="explain")
