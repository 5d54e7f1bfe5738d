"""Augment: what training would see, from one seed; every control comes from a transform's SPEC."""

from collections.abc import Callable, Iterable
from typing import Any

import gradio as gr

from demo.augment.pipeline import MAX_COUNT, MAX_SEED, specs
from demo.augment.spec import Param, Transform
from demo.errors import DemoError
from demo.export.preview_zip import preview_zip
from demo.i18n import translate
from demo.images.encode import encode_jpeg
from demo.service.service import Made
from demo.web.components.numbers import Number, Slider
from demo.web.components.picture import PictureIn, save
from demo.web.components.shared import answer_on_change, hidden, needed, picture_column, sentence
from demo.web.tab import Context, Tab, request_locale, to_toast, toast_errors
from demo.web.views import answer as answer_view

_START = ("rotation", "horizontal_flip", "crop", "colour_jitter")
_COUNT = 9
_SEED = 7
Names = list[tuple[str, str]]
"""The transform and the parameter of each generated control, in the order of the inputs."""

_JS_DICE = "() => Math.floor(Math.random() * 4294967296)"
_JS_SAVE = "() => document.querySelector('#augment-zip a')?.click()"


def build(context: Context) -> None:
    """Lay the tab out and wire it: any change answers by itself, the last one wins."""
    t = context.t
    transforms = list(specs().values())
    with gr.Row(elem_classes="stage"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_column(context, "augment")
            count, seed, zipped = _drawing(context)
        with gr.Column(scale=7, min_width=320):
            gallery = gr.Gallery(
                label=t("augment_previews"),
                columns=3,
                height=560,
                object_fit="contain",
                interactive=False,
                buttons=["fullscreen"],
                elem_id="augment-previews",
            )
            status = gr.HTML(
                answer_view.hint("empty_previews"), elem_id="augment-status", padding=False
            )
    chosen = gr.CheckboxGroup(
        [(t(transform.title), transform.name) for transform in transforms],
        value=list(_START),
        label=t("augment_transforms"),
        elem_id="augment-chosen",
    )
    groups, controls = _all_controls(context, transforms)
    with gr.Accordion(t("augment_code"), open=False, elem_id="augment-code"):
        code = gr.Code(language="python", show_label=False, interactive=False, max_lines=30)
    names = [name for name, _ in controls]
    inputs: list[Any] = [picture, chosen, count, seed, *(control for _, control in controls)]
    triggers = [item.change for item in inputs]
    answer_on_change(triggers, _handler(context, names), inputs, [gallery, status, code])
    chosen.change(
        lambda wanted: [gr.Group(visible=x.name in wanted) for x in transforms],
        chosen,
        groups,
        show_progress="hidden",
        api_visibility="private",
    )
    _download(context, zipped, names, inputs)
    _publish(context)


def _drawing(context: Context) -> tuple[gr.Slider, gr.Number, gr.Button]:
    """How many previews, from which seed, and the button that downloads them."""
    t = context.t
    with gr.Row():
        count = Slider(1, MAX_COUNT, _COUNT, step=1, label=t("augment_count"), min_width=200)
        seed = Number(
            _SEED,
            label=t("augment_seed"),
            precision=0,
            minimum=0,
            maximum=MAX_SEED,
            min_width=140,
        )
        with gr.Column(min_width=160):
            dice = gr.Button(t("augment_dice"), elem_id="augment-dice", size="sm")
            zipped = gr.Button(t("augment_download"), elem_id="augment-save", size="sm")
    dice.click(None, None, seed, js=_JS_DICE, api_visibility="private")
    return count, seed, zipped


def _download(context: Context, button: gr.Button, names: Names, inputs: list[Any]) -> None:
    """Make the ZIP only when it is asked for, then follow the link to it."""
    parcel = gr.HTML(elem_id="augment-zip", elem_classes="offstage")
    button.click(_packer(context, names), inputs, parcel, api_visibility="private").success(
        None, None, None, js=_JS_SAVE, api_visibility="private"
    )


def _all_controls(
    context: Context, transforms: list[Transform]
) -> tuple[list[gr.Group], list[tuple[tuple[str, str], Any]]]:
    """A group a transform, with a control a parameter; only chosen transforms show theirs."""
    groups, controls = [], []
    with gr.Row(elem_id="augment-controls"):
        for transform in transforms:
            visible = transform.name in _START
            with gr.Group(visible=visible, elem_classes="transform") as group:
                gr.Markdown(f"**{context.t(transform.title)!s}**", padding=True)
                for param in transform.params:
                    controls.append(((transform.name, param.name), _control(context, param)))
            groups.append(group)
    return groups, controls


def _control(context: Context, param: Param) -> Any:
    label = f"{context.t(param.title)!s}{f' ({param.unit})' if param.unit else ''}"
    if param.kind == "bool":
        return gr.Checkbox(bool(param.default), label=label)
    if param.kind == "choice":
        choices = [(context.t(f"{param.title}_{choice}"), choice) for choice in param.choices]
        return gr.Radio(choices, value=str(param.default), label=label)
    step = 1 if param.kind == "int" else param.step
    return Slider(param.low, param.high, float(param.default), step=step, label=label)


def _handler(context: Context, names: Names) -> Callable[..., Any]:
    def previews(
        request: gr.Request,
        path: str | None,
        wanted: list[str],
        count: int,
        seed: int,
        *values: Any,
    ) -> tuple[Any, ...]:
        locale = request_locale(request)
        if path is None:
            return None, answer_view.hint("empty_previews"), ""
        try:
            made = context.service.augment(path, _steps(names, wanted, values), count, seed)
        except DemoError as error:
            return None, sentence(error, locale), ""
        return _saved(context, made), _told(made, locale), made.facts["code"]

    return previews


def _steps(names: Names, wanted: list[str], values: Iterable[Any]) -> list[dict[str, Any]]:
    """The pipeline in the API's form, in the order of the page."""
    steps: dict[str, dict[str, Any]] = {}
    for (transform, param), value in zip(names, values, strict=True):
        if transform in wanted:
            steps.setdefault(transform, {"name": transform, "params": {}})
            steps[transform]["params"][param] = value
    for transform in wanted:
        steps.setdefault(transform, {"name": transform, "params": {}})
    order = list(specs())
    return sorted(steps.values(), key=lambda step: order.index(step["name"]))


def _saved(context: Context, made: Made) -> list[str]:
    folder = _folder(context)
    return [save(encode_jpeg(image), folder, "jpg") for image in made.images]


def _told(made: Made, locale: str) -> str:
    height, width = made.images[0].shape[:2]
    words = translate(
        "augment_told",
        locale,
        count=len(made.images),
        width=width,
        height=height,
        decode=made.decode_ms,
        apply=made.apply_ms,
    )
    return answer_view.note(words) + answer_view.picture_notes(made.picture, locale)


def _packer(context: Context, names: Names) -> Callable[..., Any]:
    def pack(
        request: gr.Request,
        path: str | None,
        wanted: list[str],
        count: int,
        seed: int,
        *values: Any,
    ) -> str:
        """The same previews again, lossless, with the code and the draws, as one ZIP."""
        try:
            steps = _steps(names, wanted, values)
            made = context.service.augment(needed(path), steps, count, seed)
        except DemoError as error:
            raise to_toast(error, request) from None
        archive = save(
            preview_zip(made.images, made.facts), _folder(context), "zip", "vitrine-previews"
        )
        return answer_view.download_link(archive, "vitrine-previews.zip")

    return pack


def _folder(context: Context) -> str:
    return str(context.service.uploads.folder)


def _publish(context: Context) -> None:
    """The endpoint /augment, on components that the page does not show."""

    @toast_errors
    def augment(
        image: str | None, pipeline: Any, count: float, seed: float, request: gr.Request
    ) -> tuple[list[str], dict[str, Any]]:
        """Preview what random augmentation does to a picture.

        Args:
            image: the picture, an uploaded file.
            pipeline: a list of {"name": transform, "params": {parameter: value}}, in order.
            count: how many previews, 1 to 16.
            seed: 0 to 4294967295; the same seed gives the same pixels.

        Returns:
            The previews, and as JSON the pipeline, what was drawn for each, and the code of
            torchvision.transforms.v2 that gives these pictures.
        """
        made = context.service.augment(needed(image), pipeline, count, seed)
        return _saved(context, made), made.facts

    with hidden():
        inputs = [
            PictureIn(label="image"),
            gr.JSON([{"name": "rotation", "params": {}}], label="pipeline"),
            gr.Number(_COUNT, label="count"),
            gr.Number(_SEED, label="seed"),
        ]
        outputs = [gr.Gallery(label="pictures"), gr.JSON(label="answer")]
        gr.Button().click(augment, inputs, outputs, api_name="augment")


TAB = Tab("augment", 30, "tab_augment", build)
