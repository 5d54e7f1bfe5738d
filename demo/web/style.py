"""The look of the page, theme variables first, then the style sheets; and its scripts."""

import json
import re
from pathlib import Path

import gradio as gr

from demo.i18n import strings

_STATIC = Path(__file__).parent / "static"
_UPLOAD_STRINGS = (
    *("upload_several", "upload_folder", "upload_no_file", "upload_not_picture"),
    *("upload_film", "upload_film_open"),
    *("several_uploading", "several_no_picture", "several_empty_folder", "several_too_many"),
    *("several_too_heavy", "several_left", "several_left_no_picture", "several_left_big"),
    *("several_left_full", "several_left_lost"),
)
_GRADIO_KEYS = ("gradio_", "connection_lost")
_SCRIPTS = (
    # Gradio reads the language while it starts: before all others.
    "preferences",
    "space_status",
    "address",
    "shared_picture",
    "copy_link",
    "loading",
    "timeline",
    "stale_answers",
    "gradio_texts",
    "announcer",
    "batch_files",
    "batch",
    "uploads",
    "accessible_names",
    "line_editor",
    "camera_result",
    "camera",
    "compare",
    "explain",
    "models",
)
"""Files of `static`, in the order in which they run."""
_SYSTEM_FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "sans-serif",
)


def css() -> str:
    """The project's own style sheets: the common one, then those of single tabs."""
    sheets = sorted(_STATIC.glob("*.css"), key=lambda file: (file.name != "style.css", file.name))
    return _without_comments("".join(sheet.read_text("utf-8") for sheet in sheets))


def head() -> str:
    """HTML for the start of the page: how it looks while it is on its way."""
    return _read("loading.html")


def scripts() -> str:
    """The scripts of the page: preferences, address, timelines, uploads, cameras, answers."""
    return "\n".join((_texts(), *(_read(f"{name}.js") for name in _SCRIPTS)))


def theme() -> gr.themes.Base:
    """Greys and one accent colour; system fonts only, so that nothing is fetched."""
    return gr.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        radius_size="md",
        font=_SYSTEM_FONTS,
        font_mono=("ui-monospace", "Menlo", "Consolas", "monospace"),
    ).set(
        body_background_fill="white",
        body_background_fill_dark="#0f172a",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_border_width="1px",
        # White text on it has a contrast of 4.5 and more (WCAG 2.2); so has the text below.
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        # Darker than the blocks around them, so that one sees where an input is.
        input_background_fill_dark="#0f172a",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
    )


def _read(name: str) -> str:
    return (_STATIC / name).read_text("utf-8")


def _without_comments(sheet: str) -> str:
    """A style sheet without comments and indentation, which would travel with every page."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)).strip()


def _texts() -> str:
    """The sentences of `uploads.js`, `batch.js` and `gradio_texts.js`, in every language."""
    ours = {key: strings()[key] for key in _UPLOAD_STRINGS}
    gradios = {key: text for key, text in strings().items() if key.startswith(_GRADIO_KEYS)}
    return (
        f"window.vitrineUploadStrings = {json.dumps(ours, ensure_ascii=False)};\n"
        f"window.vitrineGradioTexts = {json.dumps(gradios, ensure_ascii=False)};"
    )
