"""The table of the README: what each file in weights/ scores, from its card."""

from typing import Any

Facts = dict[str, Any]

HEAD = (
    "| weights | network | file | measured on | score | 95 % interval | pictures |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def overview(cards: list[Facts]) -> str:
    """A Markdown table, one row a score; the facts of a file stand in its first row."""
    rows = []
    for facts in cards:
        size = f"{facts['size_bytes'] / 1e6:.1f} MB"
        network = f"{facts['params'] / 1e6:.1f} M parameters, {_input(facts)}"
        first = (f"`{facts['name']}`", network, size)
        for place, score in enumerate(_told(facts)):
            rows.append((*(first if place == 0 else ("", "", "")), *_score(score)))
    return "\n".join([HEAD, *(f"| {' | '.join(row)} |" for row in rows)])


def unknown_overview(cards: list[Facts]) -> str:
    """A Markdown table of how each classifier tells that a picture is none of its classes."""
    head = (
        "| weights | own test pictures called unknown | 95 % interval | foreign photos caught |\n"
        "| --- | --- | --- | --- |"
    )
    rows = []
    for facts in cards:
        rule = facts["unknown"]
        if rule is None:
            continue
        interval = f"{rule['false_alarm_low']:.1%}–{rule['false_alarm_high']:.1%}"
        caught = f"{rule['caught']:,} of {rule['foreign']:,}"
        rows.append(f"| `{facts['name']}` | {rule['false_alarm']:.1%} | {interval} | {caught} |")
    return "\n".join([head, *rows])


def _told(facts: Facts) -> list[Facts]:
    """The scores that the README tells: all but mAP50-95."""
    scores = [facts["measured"], *facts["scores"]]
    return [score for score in scores if score["metric"] != "mAP50-95"]


def _input(facts: Facts) -> str:
    if facts["task"] == "generate":
        return f"{facts['input_size'][0]} random numbers"
    height, width = facts["input_size"]
    return f"{width} × {height} pixels"


def _score(score: Facts) -> tuple[str, str, str, str]:
    dataset, metric = score["dataset"], score["metric"]
    if "accuracy" in metric:
        value = f"{metric} {score['value']:.1%}"
        interval = f"{score['low']:.1%}–{score['high']:.1%}"
    else:
        value = f"{metric} {score['value']:.3f}"
        interval = f"{score['low']:.3f}–{score['high']:.3f}"
    return dataset, value, interval, f"{score['n']:,}"
