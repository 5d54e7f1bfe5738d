"""The parts of an answer as HTML: strings in, strings out, everything from outside escaped."""

import base64
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from demo.drawing.detections import draw_window
from demo.drawing.palette import hex_color
from demo.i18n import LOCALES, translate
from demo.images.decode import Picture
from demo.images.encode import encode_jpeg, encode_png, thumbnail
from demo.inference.engine import Prediction
from demo.models.spec import ModelSpec
from demo.results import Detections, Image, Scores, Timing

_PARTS = ("decode", "preprocess", "forward", "postprocess", "draw")


def note(text: str, kind: str = "calm") -> str:
    """A line of text; kind is calm, busy or warn."""
    return f'<div class="note {kind}" role="status">{escape(text)}</div>'


def empty(key: str) -> str:
    """The place of an answer that is still to come."""
    return f'<div class="empty"><p>{everywhere(key)}</p></div>'


def megabytes(size_bytes: int | None) -> str:
    """A size for people, `5.5 MB`."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes else "?"


def picture_notes(picture: Picture, locale: str) -> str:
    """What the decoder did to the file, one line each, or nothing."""
    lines = [translate(n.key, locale, **dict(n.fields)) for n in picture.notes]
    return "".join(note(line) for line in lines)


def timing(shown: Timing, answer: Prediction, locale: str) -> str:
    """Where the time went, as a bar of five parts with its legend, and on which device."""
    spent = {part: getattr(shown, part) for part in _PARTS}
    whole = max(shown.total, 1e-9)
    bar = "".join(
        f'<i class="p-{part}" style="width:{100 * ms / whole:.1f}%"></i>'
        for part, ms in spent.items()
    )
    legend = "".join(
        f'<span><i class="p-{part}"></i>{escape(translate("part_" + part, locale))} '
        f"<b>{ms:.0f}</b></span>"
        for part, ms in spent.items()
        if ms >= 0.5
    )
    before = translate("kept_answer", locale, forward=answer.timing.forward)
    kept = f"<span>{escape(before)}</span>" if shown.forward == 0 else ""
    return (
        f'<div class="timing"><div class="bar" aria-hidden="true">{bar}</div>'
        f'<div class="legend"><span><b>{shown.total:.0f} ms</b></span>{legend}{kept}'
        f'<span class="device">{escape(answer.model)} · {escape(answer.device)}</span></div></div>'
    )


def bars(scores: Scores, top_k: int, locale: str) -> str:
    """The k best labels with their probability; greyed where the picture is none of them."""
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td class="track"><i style="width:'
        f'{100 * score:.1f}%"></i></td><td class="num">{100 * score:.1f} %</td></tr>'
        for label, score in scores.top(top_k)
    )
    kind = "" if scores.known else " unknown"
    caption = escape(translate("scores_caption", locale))
    return f'<table class="bars{kind}"><caption>{caption}</caption><tbody>{rows}</tbody></table>'


def sign(scores: Scores, spec: ModelSpec, locale: str) -> str:
    """Whether the picture is probably none of the classes, by which method, how often wrong."""
    rule = spec.unknown
    if rule is None:
        return note(translate("unknown_uncalibrated", locale))
    key = "known_sign" if scores.known else "unknown_sign"
    text = translate(
        key,
        locale,
        method=rule.method,
        false_alarm=100 * rule.false_alarm,
        caught=rule.caught,
        foreign=rule.foreign,
    )
    return note(text, "calm" if scores.known else "warn")


def seen(picture: Picture, answer: Prediction, locale: str) -> str:
    """What the model saw: the window on the upload, and the network's input pixel for pixel."""
    small = thumbnail(picture.rgb, 480)
    # Each axis by itself: a thin picture's thumbnail is not of exactly the same shape.
    across, down = (small.shape[i] / picture.rgb.shape[i] for i in (1, 0))
    x0, y0, x1, y1 = answer.window_xyxy
    windowed = draw_window(small, (x0 * across, y0 * down, x1 * across, y1 * down))
    height, width = answer.seen.shape[:2]
    return (
        '<div class="seen">'
        + _figure(_jpeg_uri(windowed), translate("seen_window", locale), "")
        + _figure(
            _png_uri(answer.seen),
            translate("seen_input", locale, width=width, height=height),
            "pixelated" if max(height, width) < 128 else "",
        )
        + "</div>"
    )


def nothing(found: Detections, locale: str) -> str:
    """That nothing is left, and what the model could have found."""
    known = ", ".join(found.labels[:12]) + (" …" if len(found.labels) > 12 else "")
    return note(translate("nothing_found", locale, known=known))


def chips(found: Detections, locale: str) -> str:
    """Counts per class in the class's colour."""
    ids = {label: i for i, label in enumerate(found.labels)}
    return (
        '<div class="chips">'
        + "".join(
            f'<span><i style="background:{hex_color(ids[label])}"></i>'
            f"{escape(label)} <b>{count}</b></span>"
            for label, count in found.counts().items()
        )
        + "</div>"
    )


def table(found: Detections, locale: str) -> str:
    """Every box: label, score, corners and size in pixels of the upload."""
    heads = "".join(
        f'<th scope="col">{escape(translate("column_" + name, locale))}</th>'
        for name in ("number", "label", "score", "x0", "y0", "x1", "y1", "size")
    )
    rows = "".join(
        f'<tr><td class="num">{i}</td><td><i style="background:{hex_color(c)}"></i>'
        f'{escape(found.labels[c])}</td><td class="num">{100 * s:.1f} %</td>'
        + "".join(f'<td class="num">{v:.0f}</td>' for v in box)
        + f'<td class="num">{box[2] - box[0]:.0f} × {box[3] - box[1]:.0f}</td></tr>'
        for i, (box, s, c) in enumerate(
            zip(
                found.xyxy.tolist(),
                found.scores.tolist(),
                found.class_ids.tolist(),
                strict=True,
            ),
            1,
        )
    )
    return (
        f'<div class="scroll"><table class="boxes"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def take_away(files: Iterable[tuple[str, str, bytes, str]], locale: str, path: str = "") -> str:
    """Links that save a file: (title, file name, content, MIME type) each.

    The content travels in the link, so that nothing is written on the server; path is a picture
    that stands in the private folder already.
    """
    links = []
    if path:
        picture = escape(translate("save_picture", locale))
        href = f"gradio_api/file={quote(path)}"
        links.append(f'<a href="{href}" download>{picture}</a>')
    for title, name, content, mime in files:
        href = f"data:{mime};base64,{base64.b64encode(content).decode()}"
        links.append(f'<a href="{href}" download="{escape(name)}">{escape(title)}</a>')
    lead = escape(translate("take_away", locale))
    return f'<div class="take"><span>{lead}</span>{"".join(links)}</div>'


def link(path: str, name: str) -> str:
    """A link that saves a file of the private folder under `name`."""
    return f'<a href="gradio_api/file={quote(path)}" download="{escape(name)}">{escape(name)}</a>'


def _figure(uri: str, caption: str, kind: str) -> str:
    text = escape(caption)
    return (
        f'<figure><img class="{kind}" src="{uri}" alt="{text}"><figcaption>{text}</figcaption>'
        "</figure>"
    )


def _jpeg_uri(image: Image) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image)).decode()


def _png_uri(image: Image) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode()


def everywhere(key: str, **fields: object) -> str:
    """A string in all languages at once; the page's script and CSS show the visitor's."""
    return "".join(
        f'<span data-l="{locale}">{escape(translate(key, locale, **fields))}</span>'
        for locale in LOCALES
    )
