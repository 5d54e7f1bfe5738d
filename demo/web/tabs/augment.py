"""Augment: previews of training augmentation, all drawn from one seed."""

from collections.abc import Callable, Mapping, Sequence

import gradio as gr
from gradio.components import Component

from demo import validate
from demo.augment.pipeline import MAX_COUNT, MAX_SEED, specs
from demo.errors import DemoError
from demo.export.preview_zip import preview_zip
from demo.i18n import translate
from demo.images.encode import encode_jpeg
from demo.images.preview import encode_preview
from demo.service.service import AugmentAnswer
from demo.web.address import Parameter, TabAddress
from demo.web.addressed import keep_in_address, read_names, read_number
from demo.web.components.answering import answer_on_change, error_note
from demo.web.components.numbers import Number, Slider
from demo.web.components.picture import PictureIn
from demo.web.components.picture_input import picture_input
from demo.web.components.private_files import save
from demo.web.components.transform_controls import TransformControls, transform_controls
from demo.web.endpoints import required_picture, unseen_components
from demo.web.request import request_locale
from demo.web.tab import Context, Tab
from demo.web.views import answer as answer_view

_DEFAULT_TRANSFORMS = ("rotation", "horizontal_flip", "crop", "colour_jitter")
_DEFAULT_COUNT = 9
_DEFAULT_SEED = 7
_JS_RANDOM_SEED = "() => Math.floor(Math.random() * 4294967296)"
_JS_FOLLOW_LINK = "() => document.querySelector('#augment-zip a')?.click()"


def build(context: Context) -> None:
    """Lay the tab out and connect it: any change answers by itself, the last one wins."""
    t = context.t
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, "augment")
            count, seed, zip_button = _preview_controls(context)
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
        [(t(transform.title), transform.name) for transform in specs().values()],
        value=list(_DEFAULT_TRANSFORMS),
        label=t("augment_transforms"),
        elem_id="augment-chosen",
    )
    params = transform_controls(context, _DEFAULT_TRANSFORMS)
    with gr.Accordion(t("augment_code"), open=False, elem_id="augment-code"):
        code = gr.Code(language="python", show_label=False, interactive=False, max_lines=30)
    _keep_in_address(context, chosen, count, seed)
    generated = list(params.controls.values())
    inputs: list[Component] = [picture, chosen, count, seed, *generated]
    triggers = [picture.change, chosen.change, count.change, seed.change]
    triggers += [control.change for control in generated]
    answer_on_change(triggers, _handler(context, params), inputs, [gallery, status, code])
    chosen.change(
        params.show,
        chosen,
        list(params.groups.values()),
        show_progress="hidden",
        api_visibility="private",
    )
    _download(context, zip_button, params, inputs)
    _publish(context)


def _keep_in_address(
    context: Context, chosen: gr.CheckboxGroup, count: gr.Slider, seed: gr.Number
) -> None:
    parameters = (
        Parameter("transforms", chosen, read_names("transforms", lambda _: specs())),
        Parameter("count", count, read_number("count", count)),
        Parameter("seed", seed, read_number("seed", seed)),
    )
    keep_in_address(context, "augment", TabAddress(parameters))


def _preview_controls(context: Context) -> tuple[gr.Slider, gr.Number, gr.Button]:
    """Number of previews, seed, and the button that downloads them."""
    t = context.t
    with gr.Row():
        count = Slider(
            1, MAX_COUNT, _DEFAULT_COUNT, step=1, label=t("augment_count"), min_width=200
        )
        seed = Number(
            _DEFAULT_SEED,
            label=t("augment_seed"),
            precision=0,
            minimum=0,
            maximum=MAX_SEED,
            min_width=140,
        )
        with gr.Column(min_width=160):
            random_seed = gr.Button(t("augment_dice"), elem_id="augment-random-seed", size="sm")
            zip_button = gr.Button(t("augment_download"), elem_id="augment-save", size="sm")
    random_seed.click(None, None, seed, js=_JS_RANDOM_SEED, api_visibility="private")
    return count, seed, zip_button


def _download(
    context: Context, button: gr.Button, params: TransformControls, inputs: Sequence[Component]
) -> None:
    """Make the ZIP only on a click, then follow the link to it."""
    link = gr.HTML(elem_id="augment-zip", elem_classes="off-screen")
    button.click(_zip_handler(context, params), inputs, link, api_visibility="private").success(
        None, None, None, js=_JS_FOLLOW_LINK, api_visibility="private"
    )


def _handler(context: Context, params: TransformControls) -> Callable[..., tuple[object, str, str]]:
    def previews(request: gr.Request, path: str | None, *values: object) -> tuple[object, str, str]:
        locale = request_locale(request)
        if path is None:
            return None, answer_view.hint("empty_previews"), ""
        try:
            answer = _augment(context, params, path, *values)
        except DemoError as error:
            return None, error_note(error, locale), ""
        folder = _folder(context)
        shown = [save(encode_preview(image), folder, "jpg") for image in answer.images]
        return shown, _notes(answer, locale), answer.facts["code"]

    return previews


def _augment(
    context: Context,
    params: TransformControls,
    path: str,
    *inputs: object,
) -> AugmentAnswer:
    """The answer to the values of the tab's inputs behind the picture."""
    chosen, count, seed, *values = inputs
    names = validate.names(chosen, "pipeline", specs())
    return context.service.augment(path, params.pipeline(names, values), count, seed)


def _saved(context: Context, answer: AugmentAnswer) -> list[str]:
    folder = _folder(context)
    return [save(encode_jpeg(image), folder, "jpg") for image in answer.images]


def _notes(answer: AugmentAnswer, locale: str) -> str:
    height, width = answer.images[0].shape[:2]
    text = translate(
        "augment_summary",
        locale,
        count=len(answer.images),
        width=width,
        height=height,
        decode=answer.decode_ms,
        apply=answer.apply_ms,
    )
    return answer_view.note(text) + answer_view.picture_notes(answer.picture, locale)


def _zip_handler(context: Context, params: TransformControls) -> Callable[..., str]:
    def make_zip(path: str | None, *values: object) -> str:
        """The same previews, lossless, with the code and the drawn parameters as one ZIP."""
        answer = _augment(context, params, required_picture(path), *values)
        archive = save(
            preview_zip(answer.images, answer.facts), _folder(context), "zip", "vitrine-previews"
        )
        return answer_view.download_link(archive, "vitrine-previews.zip")

    return make_zip


def _folder(context: Context) -> str:
    return str(context.service.uploads.folder)


def _publish(context: Context) -> None:
    """The endpoint /augment."""

    def augment(
        image: str | None, pipeline: object, count: float, seed: float
    ) -> tuple[list[str], Mapping[str, object]]:
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
        answer = context.service.augment(required_picture(image), pipeline, count, seed)
        return _saved(context, answer), answer.facts

    with unseen_components():
        inputs = [
            PictureIn(label="image"),
            gr.JSON([{"name": "rotation", "params": {}}], label="pipeline"),
            gr.Number(_DEFAULT_COUNT, label="count"),
            gr.Number(_DEFAULT_SEED, label="seed"),
        ]
        outputs = [gr.Gallery(label="pictures"), gr.JSON(label="answer")]
        gr.Button().click(augment, inputs, outputs, api_name="augment")


TAB = Tab("augment", 30, "tab_augment", build)
