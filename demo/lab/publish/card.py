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
    ]
    if facts["task"] == "generate":
        parts += _made(facts["generation"])
    else:
        parts += ["## Each class", _per_class(facts["per_class"])]
    if facts.get("confusion"):
        parts += ["## Confusion", _confusion(facts)]
    if facts.get("mistakes"):
        parts += ["## Most frequent mistakes", _mistakes(facts["mistakes"])]
    if facts["unknown"]:
        parts += ["## None of the classes", _unknown(facts["unknown"])]
    parts += ["## Known failures", _bullets(facts["failures"])]
    return "\n\n".join(parts) + "\n"


def _about(facts: Facts) -> list[tuple[str, str]]:
    if facts["task"] == "generate":
        size = "×".join(str(side) for side in facts["output_size"])
        ends = [("input", f"{facts['input_size'][0]} random numbers of N(0, 1)")]
        ends.append(("output", f"{size} pixels"))
    else:
        height, width = facts["input_size"]
        ends = [("input", f"{width}×{height} pixels"), ("classes", ", ".join(facts["labels"]))]
    return [
        ("task", facts["task"]),
        ("network", f"{facts['architecture']}, {facts['params']:,} parameters"),
        *ends,
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


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _confusion(facts: Facts) -> str:
    labels = facts["labels"]
    rows = [
        (label, *(str(count) for count in counts))
        for label, counts in zip(labels, facts["confusion"], strict=True)
    ]
    return "Rows: what it is; columns: what the model says.\n\n" + _table(("", *labels), rows)


def _mistakes(rows: list[tuple[str, str, int]]) -> str:
    return _table(("it is", "it says", "times"), [(a, b, str(count)) for a, b, count in rows])


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


def _made(found: Facts) -> list[str]:
    """What stands on the card of a generator instead of classes."""
    n, real, made = found["pictures"], found["real"], found["made"]
    distances = [
        (row["what"], f"{row['kid']:.4f} ± {row['kid_std']:.4f}", f"{row['fid']:.2f}")
        for row in found["distances"]
    ]
    near = [
        (space, *(f"{row[key]:.3f}" for key in ("made", "real")), f"{row['closer']:.1%}")
        for space, row in found["nearest"].items()
    ]
    pairs = zip(made["classes"].items(), real["classes"].values(), strict=True)
    counts = [(label, f"{ours:,}", f"{theirs:,}") for (label, ours), theirs in pairs]
    return [
        f"Features: the {found['dimensions']} inputs of the last layer of `{found['features']}` "
        f"of this project, divided by {found['scale']:.3f}, their root mean square over the "
        "training pictures and their mirror images; not "
        "Inception's, so that the numbers compare with each other, not with published ones. "
        f"{n:,} pictures each, measured against the {n:,} test pictures. KID: mean ± standard "
        f"deviation over {found['subsets']} pairs of subsets of {found['subset_size']:,}; the "
        "interval above holds 95 % of these.",
        _table(("pictures", "KID", "FID"), distances),
        "## Variety",
        f"Mean distance of two pictures in features: generated {made['distance']:.3f}, test "
        f"pictures {real['distance']:.3f}. What the classifier takes the pictures for has an "
        f"entropy of {made['entropy']:.3f} nats (test pictures {real['entropy']:.3f}, at most "
        f"{found['most_entropy']:.3f}).",
        _table(("taken for", "generated", "test"), counts),
        "## Memorising",
        f"Distance to the nearest training picture or its mirror image, median of "
        f"{found['neighbours']:,}; the last column is the share of generated pictures that are "
        "closer than all but 1 % of the test pictures: about 1 % where they are like unseen real "
        "ones, far more where training pictures are copied.",
        _table(("in", "generated", "test", "closer"), near),
    ]


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
