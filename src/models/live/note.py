"""The note at the top of a card's run: one sentence that says what came of it, and links to its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.live.card import Card

FILES: Final = {"card.html": "the card", "card.csv": "as a table", "card.json": "as JSON"}
"""Files that a note links to, with the words of the link."""

SETTLED_HEADING: Final = "Settled"


def card_note(card: Card, revision: int, place: str) -> str:
    """The note of a card, in Markdown.

    Args:
        card: The card.
        revision: Its revision.
        place: Route of its page in the UI, ``#/experiments/1/runs/<id>``.
    """
    simulated = " The data are SIMULATED." if card.slate.kind == "SIMULATED" else ""
    lines = [f"**{headline(card)}**{simulated}"]
    if card.in_sample:
        lines.append("A model was trained on this night: this is no forecast, and it is never settled.")
    lines += [f"- {text}" for text in card.warnings]
    lines += ["", f"Revision {revision}. {_models(card)}"]
    links = [f"[{words}]({place}/artifacts/{name})" for name, words in FILES.items()]
    return "\n".join([*lines, "", f"Files: {', '.join(links)}"])


def headline(card: Card) -> str:
    """One sentence: the night, its bets, and the best of them."""
    lined = card.props[card.props["line"].notna()]
    said = f"{card.date:%A, %d %B %Y}: {_count(len(card.bets), 'bet')} on {_count(len(lined), 'prop')}"
    staked = lined[lined["stake"] > 0]
    if staked.empty:
        return f"{said}."
    best = staked.iloc[0]
    said += f", {staked['stake'].sum():.4g} units staked"
    return (
        f"{said}; the best is {best['player_name']} {best['side']} {best['best_line']:g} {best['market']} at "
        f"{best['price']:+.0f} ({best['bookmaker']}, EV {best['ev']:+.1%})."
    )


def settled_note(metrics: Mapping[str, float]) -> str:
    """What became of a card, in one sentence.

    >>> settled_note({"live_n_bets": 4.0, "live_profit": 1.25, "live_roi": 0.3125})
    '4 bets settled, profit +1.25 units, ROI +31.2%.'
    >>> settled_note({"live_n_bets": 0.0})
    'No bet was decided.'
    """
    if not metrics.get("live_n_bets"):
        return "No bet was decided."
    said = f"{_count(int(metrics['live_n_bets']), 'bet')} settled"
    said += f", profit {metrics['live_profit']:+.4g} units" if "live_profit" in metrics else ""
    return said + (f", ROI {metrics['live_roi']:+.1%}." if "live_roi" in metrics else ".")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _models(card: Card) -> str:
    said: list[Any] = [f"{model.name} version {model.version} ({model.stage})" for model in card.models.values()]
    return f"Models: {', '.join(said)}."
