"""A card as files: CSV, JSON, and one HTML page that opens offline, fits a phone, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from mlflow_integration.reading.export import write_text
from mlflow_integration.values.convert import to_json
from mlflow_integration.values.escape import csv_document
from models.live.show import american, card_document, card_title, missing, percent, plain_row

if TYPE_CHECKING:
    from models.live.card import Card


def card_html(card: Card, revision: int) -> str:
    """The card as one HTML page without scripts and without anything from elsewhere."""
    folder = Path(__file__).with_name("templates")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "american": american, "stat": _one_decimal, "lost": _loss_text}
    rows = [{**row, **_reasons_and_bar(row)} for row in map(plain_row, card.props.to_dict("records"))]
    lined = [row for row in rows if row["line"] is not None]
    return environment.get_template("card.html.j2").render(
        card=card,
        title=card_title(card, revision),
        bets=[row for row in lined if row["stake"] > 0],
        n_props=len(lined),
        markets=[(market, [row for row in lined if row["market"] == market]) for market in card.models],
        players=[row for row in rows if row["line"] is None],
        out=sorted({(row["team"], row["out"]) for row in rows if row["out"]}),
    )


def write_card(card: Card, revision: int, folder: Path) -> list[Path]:
    """Write CSV, JSON and HTML, each whole or not at all; returns the paths. TrackingError where that fails."""
    stem = f"card_{card.date:%Y-%m-%d}" + (f"_r{revision}" if revision > 1 else "")
    content = {
        ".csv": csv_document(card.props),
        ".json": to_json(card_document(card, revision)),
        ".html": card_html(card, revision),
    }
    paths = [folder / f"{stem}{ending}" for ending in content]
    for path, text in zip(paths, content.values(), strict=True):
        write_text(text, path)
    return paths


def _reasons_and_bar(row: dict[str, Any]) -> dict[str, Any]:
    """The reasons as pairs of number and words, and the bar of the ranges in per cent of its width."""
    said = [tuple(text.split(" ", 1)) for text in row["reasons"].split("; ") if " " in text]
    ends = [row[name] for name in ("low_80", "high_80", "low_50", "high_50", "projection")]
    if any(map(missing, ends)):
        return {"said": said, "bar": None}
    low, high, inner_low, inner_high, middle = ends
    line = row["line"]
    widest = 1.05 * float(max(high, middle, line or 0.0, 1.0))

    def at(value: float) -> float:
        return round(100.0 * float(min(max(value, 0.0), widest)) / widest, 1)

    bar = {
        "far": (at(low), max(at(high) - at(low), 1.0)),
        "near": (at(inner_low), max(at(inner_high) - at(inner_low), 1.0)),
        "at": at(middle),
        "mark": None if line is None else at(line),
    }
    return {"said": said, "bar": bar}


def _one_decimal(value: float) -> str:
    """One decimal; no minus before a nought.

    >>> _one_decimal(-0.04), _one_decimal(12.34)
    ('0.0', '12.3')
    """
    return f"{round(value, 1) + 0.0:.1f}"


def _loss_text(share: float) -> str:
    """A loss in per cent of the bankroll; a night that still wins then says so.

    >>> _loss_text(0.0123), _loss_text(-0.004)
    ('1.2% or more', 'nothing')
    """
    return f"{share:.1%} or more" if share > 0 else "nothing"
