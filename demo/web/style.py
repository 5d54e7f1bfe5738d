"""How the page looks: theme variables first, then `style.css`; and the scripts of the page."""

from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent / "static"
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
    """The project's own rules."""
    return (_HERE / "style.css").read_text("utf-8")


def head() -> str:
    """The scripts of the page: its kept choices, its charts, its cameras."""
    marked = "".join(
        (_HERE / name).read_text("utf-8") for name in ("preferences.html", "timeline.html")
    )
    scripts = ((_HERE / name).read_text("utf-8") for name in ("line_editor.js", "camera.js"))
    return marked + "".join(f"<script>{script}</script>" for script in scripts)


def theme() -> gr.themes.Base:
    """Calm greys, one accent colour, fonts of the visitor's own system (nothing is fetched)."""
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
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
    )
