"""A card for people and machines: a table for the terminal, a JSON document, and one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from mlflow_integration.values.convert import plain
from nba_props.atomic import write_atomically

if TYPE_CHECKING:
    from models.live.card import Card


def card_frame(card: Card, top: int | None = None) -> pd.DataFrame:
    """The card for a terminal, best bet first; what is not known is a dash.

    Args:
        card: The card.
        top: Rows shown; all props with a line by default.
    """
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
            "P(over)": [_percent(value) for value in rows["p_over"]],
            "fair over/under": [
                f"{_american(a)}/{_american(b)}" for a, b in rows[["fair_over", "fair_under"]].to_numpy()
            ],
            "best": [_best(row) for row in rows.to_dict("records")],
            "edge": [_percent(value, "+.1%") for value in rows["edge"]],
            "EV": [_percent(value, "+.1%") for value in rows["ev"]],
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
        "props": [_row(row) for row in card.props.to_dict("records")],
    }  # fmt: skip


def card_html(card: Card, revision: int) -> str:
    """The card as one HTML page without scripts or outside resources; it can be printed."""
    folder = Path(__file__).with_name("templates")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": _percent, "american": _american}
    lined = card.props[card.props["line"].notna()]
    return environment.get_template("card.html.j2").render(
        card=card,
        title=card_title(card, revision),
        bets=[_row(row) for row in lined[lined["stake"] > 0].to_dict("records")],
        props=[_row(row) for row in lined.to_dict("records")],
        players=[_row(row) for row in card.props[card.props["line"].isna()].to_dict("records")],
    )


def write_card(card: Card, revision: int, folder: Path) -> list[Path]:
    """Write CSV, JSON and HTML, each whole or not at all; returns the paths."""
    from mlflow_integration.values.convert import to_json

    stem = f"card_{card.date:%Y-%m-%d}" + (f"_r{revision}" if revision > 1 else "")
    content = {
        ".csv": card.props.to_csv(index=False),
        ".json": to_json(card_document(card, revision)),
        ".html": card_html(card, revision),
    }
    paths = [folder / f"{stem}{ending}" for ending in content]
    for path, text in zip(paths, content.values(), strict=True):
        write_atomically(path, text.encode("utf-8"))
    return paths


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    """Plain values, a missing one as None."""
    return {str(name): None if _missing(value) else plain(value) for name, value in row.items()}


def _missing(value: object) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def _percent(value: float | None, form: str = ".1%") -> str:
    return "–" if _missing(value) else format(value, form)


def _american(value: float | None) -> str:
    return "–" if _missing(value) else f"{value:+.0f}"


def _best(row: dict[Any, Any]) -> str:
    if _missing(row["side"]):
        return "–"
    return f"{row['side']} {row['best_line']:g} {_american(row['price'])} {row['bookmaker']}"
