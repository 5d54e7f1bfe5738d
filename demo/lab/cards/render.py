"""The Markdown card `weights/<name>.md`, rendered from the facts of `weights/<name>.json`."""

from demo.lab.cards.card import Card
from demo.lab.cards.facts import OutOfDistributionRule
from demo.lab.cards.markdown import Section, bullets, table


def render(card: Card) -> str:
    """The whole Markdown text."""
    parts = [
        f"# {card.name}",
        card.good_for,
        f"**Not for:** {card.not_for}",
        table(("", ""), _summary(card)),
    ]
    for section in _sections(card):
        parts += section.blocks()
    return "\n\n".join(parts) + "\n"


def _sections(card: Card) -> list[Section]:
    intro = "Measured on the shipped file, on pictures that were never trained on; 95 % intervals."
    head = ("data", "metric", "value", "from", "to", "pictures")
    sections = [
        Section("Data", (bullets(card.data),)),
        Section("Scores", (intro, table(head, _scores(card)))),
        *card.sections(),
    ]
    if card.out_of_distribution:
        sections.append(Section("None of the classes", _rejection(card, card.out_of_distribution)))
    return [*sections, Section("Known failures", (bullets(card.failures),))]


def _summary(card: Card) -> list[tuple[str, str]]:
    return [
        ("task", card.task),
        ("network", f"{card.architecture}, {card.params:,} parameters"),
        *card.input_rows(),
        ("licence", card.licence),
        ("source", card.source),
        ("recipe", f"`{card.recipe}`, seed {card.seed}, {_epochs(card)}"),
        ("command", ", then ".join(f"`{command}`" for command in card.commands())),
        ("time", f"{card.train_minutes:g} minutes on {card.machine}"),
        ("file", f"`{card.file}`, {card.size_bytes:,} bytes, {card.precision}"),
        ("sha256", f"`{card.sha256}`"),
    ]


def _epochs(card: Card) -> str:
    done, planned = card.epochs, card.planned_epochs
    return f"{done} epochs" if done == planned else f"{done} of {planned} epochs: not finished yet"


def _scores(card: Card) -> list[tuple[str, ...]]:
    rows = []
    for score in (card.measured, *card.scores):
        numbers = (f"{number:.3f}" for number in (score.value, score.low, score.high))
        rows.append((score.dataset, score.metric, *numbers, f"{score.n:,}"))
    for metric, value in card.macro_scores().items():
        rows.append((card.measured.dataset, f"{metric}, macro", f"{value:.3f}", "", "", ""))
    return rows


def _rejection(card: Card, rule: OutOfDistributionRule) -> tuple[str, ...]:
    return (*card.rejection(rule), *_further_sets(rule))


def _further_sets(rule: OutOfDistributionRule) -> tuple[str, ...]:
    """A table of further sets of other things with their intervals, where there are some."""
    if not rule.further:
        return ()
    rows = [
        (name, f"{share.value:.1%}", f"{share.low:.1%}–{share.high:.1%}", f"{share.n:,}")
        for name, share in rule.further.items()
    ]
    return (table(("further photos of", "called unknown", "95 % interval", "photos"), rows),)
