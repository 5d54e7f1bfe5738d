"""The README's tables of what each file in `weights/` scores, from the cards."""

from collections.abc import Sequence

from demo.lab.cards.card import Card
from demo.lab.cards.facts import Score
from demo.lab.cards.markdown import table

_SCORES = ("weights", "network", "file", "measured on", "score", "95 % interval", "pictures")
_REJECTION = (
    "weights",
    "own test pictures called unknown",
    "95 % interval",
    "foreign photos caught",
)


def score_table(cards: Sequence[Card]) -> str:
    """A Markdown table with one row a score; the facts of a file stand in its first row."""
    rows = []
    for card in cards:
        network = f"{card.params / 1e6:.1f} M parameters, {card.input_text()}"
        file = (f"`{card.name}`", network, f"{card.size_bytes / 1e6:.1f} MB")
        for i, score in enumerate(card.overview_scores()):
            rows.append((*(file if i == 0 else ("", "", "")), *_score_cells(score)))
    return table(_SCORES, rows)


def rejection_table(cards: Sequence[Card]) -> str:
    """A Markdown table of how the classifiers reject pictures of none of their classes."""
    rows = []
    for card in cards:
        rule = card.out_of_distribution
        if rule is None:
            continue
        interval = f"{rule.false_alarm_low:.1%}–{rule.false_alarm_high:.1%}"
        caught = f"{rule.caught:,} of {rule.foreign:,}"
        rows.append((f"`{card.name}`", f"{rule.false_alarm:.1%}", interval, caught))
    return table(_REJECTION, rows)


def _score_cells(score: Score) -> tuple[str, str, str, str]:
    digits = ".1%" if "accuracy" in score.metric else ".3f"
    value, low, high = (format(number, digits) for number in (score.value, score.low, score.high))
    return score.dataset, f"{score.metric} {value}", f"{low}–{high}", f"{score.n:,}"
