"""The look of the page, theme variables first, then the style sheets; and its scripts."""

import json
from pathlib import Path

import gradio as gr

from demo.i18n import strings

_STATIC = Path(__file__).parent / "static"
_UPLOAD_STRINGS = ("upload_several", "upload_folder", "upload_no_file", "upload_not_picture")
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
    return "".join(sheet.read_text("utf-8") for sheet in sheets)


def head() -> str:
    """The scripts of the page: preferences, timelines, uploads, cameras, answers."""
    fragments = [_read(name) for name in ("preferences.html", "timeline.html")]
    names = (
        *("uploads.js", "accessible_names.js", "line_editor.js", "camera_result.js", "camera.js"),
        *("compare.js", "explain.js", "models.js"),
    )
    scripts = [_upload_strings(), *(_read(name) for name in names)]
    return "".join(fragments) + "".join(f"<script>{script}</script>" for script in scripts)


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
        input_background_fill_dark="*neutral_800",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
    )


def _read(name: str) -> str:
    return (_STATIC / name).read_text("utf-8")


def _upload_strings() -> str:
    """The sentences of `uploads.js`, in every language."""
    texts = {key: strings()[key] for key in _UPLOAD_STRINGS}
    return f"window.vitrineUploadStrings = {json.dumps(texts, ensure_ascii=False)};"
