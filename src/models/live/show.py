"""A card for people and machines: a table, a JSON document, and the note of its run. The page is `models.live.page`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from mlflow_integration.values.convert import plain
from nba_props.plots.style import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.live.card import Card

FILES: Final = {"card.html": "the card", "card.csv": "as a table", "card.json": "as JSON"}
"""Files that a note links to, with the words of the link."""

SETTLED_HEADING: Final = "Settled"


def card_frame(card: Card, top: int | None = None) -> pd.DataFrame:
    """The props with a line (the `top` ones) for a terminal, best bet first; what is not known is a dash."""
    rows = card.props[card.props["line"].notna()]
    rows = rows if top is None else rows.head(top)
    return pd.DataFrame(
        {
            "player": rows["player_name"],
            "game": rows["team"] + rows["home"].map({True: " v ", False: " @ "}) + rows["opponent"],
            "prop": rows["market"] + " " + rows["line"].map("{:g}".format),
            "projection": [
                f"{a:.1f} [{b:.0f}-{c:.0f}]" for a, b, c in rows[["projection", "low_80", "high_80"]].to_numpy()
            ],
            "P(over)": [percent(value) for value in rows["p_over"]],
            "fair over/under": [
                f"{american(a)}/{american(b)}" for a, b in rows[["fair_over", "fair_under"]].to_numpy()
            ],
            "best": [_best(row) for row in rows.to_dict("records")],
            "edge": [percent(value, "+.1%") for value in rows["edge"]],
            "EV": [percent(value, "+.1%") for value in rows["ev"]],
            "stake": [f"{value:g}" if value else "–" for value in rows["stake"].round(3)],
            "out": rows["out"],
            "note": rows["warning"],
        }
    )


def card_title(card: Card, revision: int) -> str:
    """One line that says which card it is."""
    kind = "SIMULATED league, " if card.slate.kind == "SIMULATED" else ""
    return f"Card of {card.date:%A, %d %B %Y} ({kind}revision {revision})"


def card_document(card: Card, revision: int) -> dict[str, Any]:
    """The card as plain values for JSON."""
    return {
        "date": f"{card.date:%Y-%m-%d}",
        "revision": revision,
        "data_kind": card.slate.kind,
        "data_source": card.slate.source,
        "data_fingerprint": card.slate.fingerprint,
        "decision": card.decision,
        "decision_time": None if card.decision_time is None else card.decision_time.isoformat(),
        "models": {
            market: {
                "name": model.name, "version": model.version, "stage": model.stage, "run_id": model.run_id,
                "trained_until": f"{model.forecast.trained_until:%Y-%m-%d}",
            }
            for market, model in card.models.items()
        },
        "night": card.night,
        "warnings": list(card.warnings),
        "props": [plain_row(row) for row in card.props.to_dict("records")],
    }  # fmt: skip


def plain_row(row: dict[Any, Any]) -> dict[str, Any]:
    """Plain values, a missing one as None."""
    return {str(name): None if missing(value) else plain(value) for name, value in row.items()}


def missing(value: object) -> bool:
    """Whether a value of a card is not known."""
    return value is None or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def percent(value: float | None, form: str = ".1%") -> str:
    """A share in per cent; a dash where it is not known."""
    return "–" if missing(value) else format(value, form)


def american(value: float | None) -> str:
    """An American price; a dash where there is none."""
    return "–" if missing(value) else f"{value:+.0f}"


def _best(row: dict[Any, Any]) -> str:
    if missing(row["side"]):
        return "–"
    return f"{row['side']} {row['best_line']:g} {american(row['price'])} {row['bookmaker']}"


def card_note(card: Card, revision: int, place: str) -> str:
    """The note of a card, in Markdown; `place` is the route of its page in the UI, ``#/experiments/1/runs/<id>``."""
    simulated = " The data are SIMULATED." if card.slate.kind == "SIMULATED" else ""
    lines = [f"**{headline(card)}**{simulated}"]
    if card.in_sample:
        lines.append("A model was trained on this night: this is not a forecast, and it is never settled.")
    lines += [f"- {text}" for text in card.warnings]
    lines += ["", f"Revision {revision}. {_models(card)}"]
    links = [f"[{words}]({place}/artifacts/{name})" for name, words in FILES.items()]
    return "\n".join([*lines, "", f"Files: {', '.join(links)}"])


def headline(card: Card) -> str:
    """One sentence: the night, its bets, and the best of them."""
    lined = card.props[card.props["line"].notna()]
    said = f"{card.date:%A, %d %B %Y}: {counted(len(card.bets), 'bet')} on {counted(len(lined), 'prop')}"
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
    said = f"{counted(int(metrics['live_n_bets']), 'bet')} settled"
    said += f", profit {metrics['live_profit']:+.4g} units" if "live_profit" in metrics else ""
    return said + (f", ROI {metrics['live_roi']:+.1%}." if "live_roi" in metrics else ".")


def _models(card: Card) -> str:
    said: list[Any] = [f"{model.name} version {model.version} ({model.stage})" for model in card.models.values()]
    return f"Models: {', '.join(said)}."
