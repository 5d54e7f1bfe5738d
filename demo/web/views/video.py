"""The parts of the Video tab as HTML: progress, player, summary, files."""

from collections.abc import Mapping
from typing import NamedTuple

from demo.i18n import translate
from demo.labels.names import display_table
from demo.tracking.line_counter import CountingLine
from demo.video.first_frame import FirstFrame
from demo.video.job import VideoJob
from demo.video.progress import Progress
from demo.web.views.answer import Link, file_address, note
from demo.web.views.device import device_text
from demo.web.views.templates import render

_MAX_CHIPS = 12


class _Row(NamedTuple):
    """Counts per class under one title; others: how many classes more there are."""

    title: str
    counts: list[tuple[str, int, int]]
    others: int


def input_facts(first: FirstFrame, locale: str) -> str:
    """Size, length and frame rate of an uploaded video."""
    height, width = first.rgb.shape[:2]
    text = translate(
        "video_first",
        locale,
        width=width,
        height=height,
        seconds=first.seconds,
        per_second=first.per_second,
        frames=first.frames,
    )
    return note(text)


def progress(now: Progress, waiting: str, locale: str) -> str:
    """A bar, frames done, frames a second and the time left.

    waiting: the text before the first frame is done.
    """
    if not now.done:
        return render("video_progress", done=0, total=0, texts=[waiting])
    # The container's number of frames may be wrong, or missing.
    total = max(now.total, now.done) if now.total else 0
    texts = [
        translate("video_frames_of", locale, done=now.done, total=total)
        if total
        else translate("video_frames", locale, done=now.done)
    ]
    if now.per_second > 0:
        texts.append(translate("video_speed", locale, speed=now.per_second))
    if now.seconds_left is not None:
        texts.append(translate("video_left", locale, left=_duration(now.seconds_left)))
    return render("video_progress", done=now.done, total=total, texts=texts)


def player(job: VideoJob, locale: str) -> str:
    """The finished video with the browser's own controls."""
    return render("video_player", source=file_address(str(job.files["video"])), locale=locale)


def summary(job: VideoJob, line: CountingLine | None, locale: str) -> str:
    """Time and device, what was counted in the whole video, and what crossed the line."""
    facts = job.summary
    frames = facts["frames_seen"]
    done = translate(
        "video_done",
        locale,
        frames=frames,
        seconds=_duration(job.elapsed_s),
        speed=frames / max(job.elapsed_s, 1e-6),
        model=facts["model"],
        device=device_text(facts["device"], locale),
    )
    notes = [(done, "calm")]
    if facts["stopped_early"]:
        notes.append((translate("video_stopped", locale), "warn"))
    if broken := facts["broken_packets"]:
        notes.append((translate("video_damaged", locale, count=broken), "warn"))
    notes += [(one.text(locale), "calm") for one in job.notes]
    rows = [_totals(job, locale)]
    if line is not None:
        # Each arrow points the way that the objects went across the line.
        crossings = facts["crossings"]
        ways = (crossings["rightward"], crossings["leftward"])
        for counts, arrow in zip(ways, line.arrows(), strict=True):
            title = translate("video_crossed", locale, arrow=arrow)
            rows.append(_row(title, counts, job, locale))
    return render("video_summary", notes=notes, rows=rows, locale=locale)


def download_links(job: VideoJob, locale: str) -> str:
    """Links that save the video and the reports about it."""
    titles = {"video": translate("video_file", locale)}
    links = [
        Link(titles.get(kind, kind), file_address(str(path)), path.name)
        for kind, path in job.files.items()
    ]
    return render("download_links", links=links, locale=locale)


def _totals(job: VideoJob, locale: str) -> _Row:
    """The counts of the whole video: tracked objects, else boxes, else frames by best label."""
    if "tracks" in job.summary:
        return _row(translate("video_things", locale), job.summary["tracks"], job, locale)
    if job.summary["boxes"] or not job.scored:
        return _row(translate("video_boxes", locale), job.summary["boxes"], job, locale)
    counts = {one.label: one.occurrences for one in job.timeline.snapshot().series}
    return _row(translate("video_labels", locale), counts, job, locale)


def _row(title: str, counts: Mapping[str, int], job: VideoJob, locale: str) -> _Row:
    names = display_table(job.labels, locale)
    ids = {label: i for i, label in enumerate(job.labels)}
    chips = [(names[label], ids[label], count) for label, count in counts.items()]
    return _Row(title, chips[:_MAX_CHIPS], max(len(chips) - _MAX_CHIPS, 0))


def _duration(seconds: float) -> str:
    """`12 s`, `3:05 min`; the same in every language."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min"
