"""An explanation as HTML: the map over the picture, whether it can be trusted, files to save."""

import io
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from demo.drawing.heat_layer import heat_layer
from demo.explain.curves import LEVELS, Curves, Scores, auc
from demo.explain.explanation import Checks
from demo.explain.placement import on_upload
from demo.i18n import translate
from demo.images.encode import encode_jpeg, encode_rgba, thumbnail
from demo.labels.names import display_table
from demo.service.explanations import Explained
from demo.web.views.answer import Link, data_uri
from demo.web.views.citation import citation
from demo.web.views.templates import render

_SIDE = 640
"""Longest side of the picture under the map, pixels."""


class _Plot(NamedTuple):
    """A curve and the random ones as points of an SVG of 100 × 100."""

    caption: str
    points: str
    random: list[str]


class _Verdict(NamedTuple):
    """A sentence of the check; kind: calm or warn."""

    text: str
    kind: str


class _Map(NamedTuple):
    """One figure; model: its name where the maps are of several."""

    model: str
    picture: str
    heat: str
    caption: str
    verdicts: list[_Verdict]
    plots: list[_Plot]
    papers: str
    links: list[Link]


def explanation(found: Sequence[Explained], locale: str) -> str:
    """Maps side by side, each with its check once there is one."""
    several = len({one.answer.spec.name for one in found}) > 1
    maps = [_figure(one, several, locale) for one in found]
    return render("explanation", maps=maps, locale=locale)


def map_picture(found: Explained) -> bytes:
    """The map as a PNG file with transparency, as large as the picture that the page shows."""
    small = thumbnail(found.answer.picture.rgb, _SIDE)
    size_wh = (small.shape[1], small.shape[0])
    made = found.explanation
    return encode_rgba(heat_layer(on_upload(made.heat, made.prepared, size_wh)))


def map_array(found: Explained) -> bytes:
    """The raw map as a NumPy file: h×w float32, ≥ 0, over the network's input."""
    content = io.BytesIO()
    np.save(content, found.explanation.heat)
    return content.getvalue()


def _figure(found: Explained, named: bool, locale: str) -> _Map:
    made, checks = found.explanation, found.checks
    small = thumbnail(found.answer.picture.rgb, _SIDE)
    layer = data_uri(map_picture(found), "image/png")
    label = display_table(found.answer.spec.labels, locale)[found.label]
    caption = translate("explain_caption", locale, label=label, score=100 * made.score)
    facts = json.dumps(found.facts, ensure_ascii=False, indent=1).encode()
    stem = f"why-{made.question.method.name}"
    links = [
        Link("NPY", data_uri(map_array(found), "application/octet-stream"), f"{stem}.npy"),
        Link("PNG", layer, f"{stem}.png"),
        Link("JSON", data_uri(facts, "application/json"), f"{stem}.json"),
    ]
    papers = translate(
        "explain_papers",
        locale,
        paper=citation(made.question.method.paper, locale),
        passes=made.passes + (checks.passes if checks else 0),
        ms=found.explain_ms + found.check_ms,
    )
    return _Map(
        found.answer.spec.name if named else "",
        data_uri(encode_jpeg(small), "image/jpeg"),
        layer,
        caption,
        _verdicts(found, locale),
        _plots(checks.curves, locale) if checks else [],
        papers,
        links,
    )


def _verdicts(explained: Explained, locale: str) -> list[_Verdict]:
    """What limits the method has, and what the check has found."""
    checks, said = explained.checks, []
    if not explained.explanation.question.method.of_class:
        said.append(_Verdict(translate("explain_any_class", locale), "calm"))
    if checks is None:
        return said
    found = checks.curves
    beaten = int((found.gain > found.random_gains).sum())
    good = found.better_than_random
    return [
        *said,
        _Verdict(
            translate("explain_better" if good else "explain_random", locale, count=beaten),
            "calm" if good else "warn",
        ),
        _of_weights(checks, locale),
    ]


def _of_weights(checks: Checks, locale: str) -> _Verdict:
    """What the test with random weights has found."""
    if checks.depends_on_weights is None:
        return _Verdict(translate("explain_small_box", locale), "calm")
    key = "explain_depends" if checks.depends_on_weights else "explain_unchanged"
    text = translate(key, locale, value=checks.similarity)
    return _Verdict(text, "calm" if checks.depends_on_weights else "warn")


def _plots(found: Curves, locale: str) -> list[_Plot]:
    pairs = (
        ("explain_deletion", found.deletion, found.random_deletion),
        ("explain_insertion", found.insertion, found.random_insertion),
    )
    return [
        _Plot(
            translate(key, locale, value=float(auc(own)), random=float(auc(random).mean())),
            _points(own),
            [_points(one) for one in random],
        )
        for key, own, random in pairs
    ]


def _points(scores: Scores) -> str:
    pairs = zip(LEVELS, scores.tolist(), strict=True)
    return " ".join(f"{100 * x:.1f},{100 * (1 - y):.1f}" for x, y in pairs)
