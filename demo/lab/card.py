"""The card of a weight file for people, rendered from its facts."""

from collections.abc import Sequence
from typing import Any

Facts = dict[str, Any]


def render(facts: Facts) -> str:
    """Markdown from the facts of `weights/<name>.json`."""
    parts = [
        f"# {facts['name']}",
        facts["for"],
        f"**Not for:** {facts['not_for']}",
        _table(("", ""), _about(facts)),
        "## Data",
        _bullets(facts["data"]),
        "## Scores",
        "Measured on the shipped file, on pictures that were never trained on; 95 % intervals.",
        _table(("data", "metric", "value", "from", "to", "pictures"), _scores(facts)),
        "## Each class",
        _per_class(facts["per_class"]),
    ]
    if facts.get("confusion"):
        parts += ["## Confusion", _confusion(facts)]
    if facts["unknown"]:
        parts += ["## None of the classes", _unknown(facts["unknown"])]
    parts += ["## Known failures", _bullets(facts["failures"])]
    return "\n\n".join(parts) + "\n"


def _about(facts: Facts) -> list[tuple[str, str]]:
    height, width = facts["input_size"]
    classes = ", ".join(facts["labels"])
    return [
        ("task", facts["task"]),
        ("network", f"{facts['architecture']}, {facts['params']:,} parameters"),
        ("input", f"{width}×{height} pixels"),
        ("classes", classes),
        ("licence", facts["licence"]),
        ("source", facts["source"]),
        ("recipe", f"`{facts['recipe']}`, seed {facts['seed']}, {_epochs(facts)}"),
        ("command", f"`{facts['command']}`, then `{facts['command'].replace('train', 'ship')}`"),
        ("time", f"{facts['train_minutes']:g} minutes on {facts['machine']}"),
        ("file", f"`{facts['file']}`, {facts['size_bytes']:,} bytes, {facts['precision']}"),
        ("sha256", f"`{facts['sha256']}`"),
    ]


def _epochs(facts: Facts) -> str:
    done, planned = facts["epochs"], facts["planned_epochs"]
    return f"{done} epochs" if done == planned else f"{done} of {planned} epochs: not finished yet"


def _scores(facts: Facts) -> list[tuple[str, ...]]:
    rows = []
    for score in [facts["measured"], *facts["scores"]]:
        numbers = (f"{score[key]:.3f}" for key in ("value", "low", "high"))
        rows.append((score["dataset"], score["metric"], *numbers, f"{score['n']:,}"))
    for metric, value in facts.get("macro", {}).items():
        rows.append((facts["measured"]["dataset"], f"{metric}, macro", f"{value:.3f}", "", "", ""))
    return rows


def _per_class(table: Facts) -> str:
    columns = list(next(iter(table.values())))
    rows = [(label, *(_number(row[c]) for c in columns)) for label, row in table.items()]
    return _table(("class", *columns), rows)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _confusion(facts: Facts) -> str:
    labels = facts["labels"]
    rows = [
        (label, *(str(count) for count in counts))
        for label, counts in zip(labels, facts["confusion"], strict=True)
    ]
    return "Rows: what it is; columns: what the model says.\n\n" + _table(("", *labels), rows)


def _unknown(rule: Facts) -> str:
    return (
        f"With T = {rule['temperature']:.3f} (fitted on half of the test pictures) the "
        "probabilities are softmax(logits / T), and the energy score of a picture is "
        "E = T · log Σ exp(logits / T). A picture is known where E ≥ "
        f"{rule['threshold']:.3f}, a threshold set on the same half.\n\n"
        f"On the other half ({rule['own']:,} pictures) {rule['false_alarm']:.1%} are wrongly "
        f"called unknown (95 % interval {rule['false_alarm_low']:.1%}–"
        f"{rule['false_alarm_high']:.1%}). Of {rule['foreign']:,} foreign photos "
        f"{rule['caught']:,} are called unknown; looking at the largest probability alone, at the "
        f"same rate of false alarms, {rule['caught_max_softmax']:,} would be."
    )


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
