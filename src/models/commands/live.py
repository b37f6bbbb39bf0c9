"""What the commands of the live loop do between their options and their output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlflow_integration import ModelRegistry
from mlflow_integration.cli import emit_json, emit_text, note, show_table
from models.live.record import CardStore
from models.live.settle import settle_cards
from models.live.show import card_document, card_frame, card_title, write_card
from models.live.slate import flag_by_market
from models.live.tonight import load_sources, tonight
from nba_props.data import join_odds
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.live.card import Card
    from models.live.tonight import CardRequest, Sources


@dataclass(frozen=True)
class MadeCard:
    """A card that has been kept and written, ready to be shown."""

    card: Card
    revision: int
    document: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """One line."""
        return card_title(self.card, self.revision)

    def frame(self, top: int) -> pd.DataFrame:
        """The best `top` props."""
        return card_frame(self.card, top)


def parse_day(text: str, option: str) -> pd.Timestamp:
    """A day.

    >>> parse_day("2025-01-14", "--date").date().isoformat()
    '2025-01-14'

    Raises:
        ConfigError: It is none.
    """
    try:
        day = pd.Timestamp(pd.to_datetime(text, format="%Y-%m-%d"))
    except ValueError as error:
        message = f"{option} is {text!r}; give a day as 2025-01-14."
        raise ConfigError(message) from error
    return day


def parse_moment(text: str, option: str) -> pd.Timestamp:
    """A moment in UTC.

    >>> parse_moment("2025-01-14T22:30", "--at").isoformat()
    '2025-01-14T22:30:00+00:00'

    Raises:
        ConfigError: It is none.
    """
    try:
        return pd.Timestamp(pd.to_datetime(text, utc=True, format="ISO8601"))
    except ValueError as error:
        message = f"{option} is {text!r}; give a time in UTC as 2025-01-14T22:30."
        raise ConfigError(message) from error


def make_and_show_card(
    request: CardRequest,
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    availability: Sequence[Path] | None,
    *,
    seed: int,
    tracking_uri: str | None,
    output: Path,
) -> MadeCard:
    """Make a card, keep it and write its files.

    Raises:
        NBAPropsError: Anything the user can fix.
    """
    sources = load_sources(data, odds, seed)
    out = _out(availability, sources, request.date)
    registry, store = ModelRegistry(tracking_uri), CardStore(tracking_uri)
    card, stored, new = tonight(sources, request, registry, store, out=out)
    paths = write_card(card, stored.revision, output)
    state = "new" if new else "the same as before"
    notes = (
        *card.warnings,
        f"{len(card.bets)} bets; {state}: run {stored.run_id} ({stored.name}, revision {stored.revision}).",
        f"Written: {', '.join(map(str, paths))}",
    )
    return MadeCard(card, stored.revision, {**card_document(card, stored.revision), "run_id": stored.run_id}, notes)


def _out(availability: Sequence[Path] | None, sources: Sources, date: pd.Timestamp) -> dict[str, str]:
    """Who is out tonight, as a text per team; the latest word on each player counts."""
    if not availability:
        return {}
    from nba_props.data.availability import load_availability

    table = load_availability(list(availability)).availability
    said = table[(table["game_date"] == date)].sort_values("reported_at", kind="stable")
    said = said.drop_duplicates(["team", "player"], keep="last")
    missing = said[said["status"].isin(["out", "doubtful"])]
    names = missing["player"] + missing["status"].map({"out": "", "doubtful": " (doubtful)"})
    return {str(team): ", ".join(rows) for team, rows in names.groupby(missing["team"])}


def settle_and_show(
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    stage: str,
    *,
    seed: int,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Settle the cards and print what came of it.

    Raises:
        NBAPropsError: Anything the user can fix.
    """
    sources = load_sources(data, odds, seed)
    quotes = None
    if len(sources.odds):
        flagged = flag_by_market(join_odds(sources.odds, sources.games).quotes)
        quotes = flagged[flagged.pop("reason") == ""].reset_index(drop=True)
    found = settle_cards(CardStore(tracking_uri), sources.games, quotes, kind=sources.kind, stage=stage)
    counts = {"settled": len(found.settled), "open": len(found.open), "unchanged": len(found.unchanged)}
    if as_json:
        changes = found.changes.assign(game_date=found.changes["game_date"].astype(str)).to_dict("records")
        emit_json({**counts, "changes": changes, "metrics": found.metrics})
        return
    for card in found.settled:
        note(f"{card.name} revision {card.revision}: settled")
    if len(found.changes):
        show_table(found.changes.assign(game_date=found.changes["game_date"].astype(str)), title="Corrected results")
    if found.metrics:
        rows = [{"metric": name, "value": value} for name, value in sorted(found.metrics.items())]
        show_table(pd.DataFrame(rows), title=f"All settled cards, {sources.kind} data")
    emit_text(", ".join(f"{number} {name}" for name, number in counts.items()) + ".", None)
