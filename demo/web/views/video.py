"""The parts of the Video tab as HTML: progress, player, summary, files."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from demo.drawing.palette import hex_color
from demo.i18n import translate
from demo.tracking.line_counter import CountingLine
from demo.video.first_frame import FirstFrame
from demo.video.job import VideoJob
from demo.video.progress import Progress
from demo.web.views.answer import note

_MOST_CHIPS = 12


def first(film: FirstFrame, locale: str) -> str:
    """What was put in: size, length, frames a second."""
    height, width = film.rgb.shape[:2]
    words = translate(
        "video_first",
        locale,
        width=width,
        height=height,
        seconds=film.seconds,
        per_second=film.per_second,
        frames=film.frames,
    )
    return note(words)


def progress(now: Progress, waiting: str, locale: str) -> str:
    """A bar, frames done, frames a second and the time left; waiting: said before the first."""
    if not now.done:
        return f'<div class="going"><progress></progress><span>{escape(waiting)}</span></div>'
    # The container's number may be wrong, or missing.
    total = max(now.total, now.done) if now.total else 0
    bar = f'<progress value="{now.done}" max="{total}">' if total else "<progress>"
    words = [
        translate("video_frames_of", locale, done=now.done, total=total)
        if total
        else translate("video_frames", locale, done=now.done)
    ]
    if now.per_second > 0:
        words.append(translate("video_speed", locale, speed=now.per_second))
    if now.seconds_left is not None:
        words.append(translate("video_left", locale, left=_minutes(now.seconds_left)))
    spans = "".join(f"<span>{escape(word)}</span>" for word in words)
    return f'<div class="going">{bar}</progress>{spans}</div>'


def player(job: VideoJob, locale: str) -> str:
    """The finished film."""
    label = escape(translate("video_result", locale))
    return (
        f'<video controls playsinline preload="auto" aria-label="{label}" '
        f'src="{_address(job.files["video"])}"></video>'
    )


def summary(job: VideoJob, line: CountingLine | None, locale: str) -> str:
    """How many of what were seen and crossed the line, and what it took."""
    facts = job.summary
    frames = facts["frames_seen"]
    told = translate(
        "video_done",
        locale,
        frames=frames,
        seconds=_minutes(job.elapsed_s),
        speed=frames / max(job.elapsed_s, 1e-6),
        model=facts["model"],
        device=facts["device"],
    )
    notes = note(told)
    if facts["stopped_early"]:
        notes += note(translate("video_stopped", locale), "warn")
    if facts["broken_packets"]:
        notes += note(translate("video_damaged", locale, count=facts["broken_packets"]), "warn")
    rows = [
        _row(translate(key, locale), counts, colours, locale) for key, counts, colours in _seen(job)
    ]
    if line is not None:
        rows += _crossings(line, facts["crossings"], job.class_ids, locale)
    return notes + f'<dl class="facts">{"".join(rows)}</dl>'


def files(job: VideoJob, locale: str) -> str:
    """Links that save the film and what was seen in it."""
    titles = {"video": translate("video_file", locale)}
    links = "".join(
        f'<a href="{_address(path)}" download="{escape(path.name)}">'
        f"{escape(titles.get(kind, kind))}</a>"
        for kind, path in job.files.items()
    )
    return f'<div class="take"><span>{escape(translate("take_away", locale))}</span>{links}</div>'


def _seen(job: VideoJob) -> list[tuple[str, Mapping[str, int], Mapping[str, int]]]:
    """The string, the numbers and the class ids of the row about all of the film."""
    if "tracks" in job.summary:
        return [("video_things", job.summary["tracks"], job.class_ids)]
    if job.summary["boxes"] or not job.scored:
        return [("video_boxes", job.summary["boxes"], job.class_ids)]
    series = job.timeline.snapshot().series
    return [("video_labels", {one.label: one.occurrences for one in series}, job.class_ids)]


def _crossings(
    line: CountingLine, counts: Any, colours: Mapping[str, int], locale: str
) -> list[str]:
    """One row each way; the arrow points where things went, across the line."""
    ways = zip(("rightward", "leftward"), line.arrows(), strict=True)
    return [
        _row(translate("video_crossed", locale, arrow=arrow), counts[way], colours, locale)
        for way, arrow in ways
    ]


def _row(title: str, counts: Mapping[str, int], colours: Mapping[str, int], locale: str) -> str:
    chips = "".join(
        f'<span><i style="background:{hex_color(colours[label])}"></i>{escape(label)} '
        f"<b>{count}</b></span>"
        for label, count in list(counts.items())[:_MOST_CHIPS]
    )
    if len(counts) > _MOST_CHIPS:
        chips += (
            f"<small>{translate('chart_others', locale, count=len(counts) - _MOST_CHIPS)}</small>"
        )
    none = f"<small>{escape(translate('video_none', locale))}</small>"
    return f'<dt>{escape(title)}</dt><dd class="chips">{chips or none}</dd>'


def _minutes(seconds: float) -> str:
    """`12 s`, `3:05 min`; the same in every language."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min"


def _address(path: Path) -> str:
    return f"gradio_api/file={quote(str(path))}"
