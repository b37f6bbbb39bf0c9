"""From files to a card that is kept: everything `predict_props.py` does between its options and its output."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from mlflow_integration import ModelRegistry
from mlflow_integration.stages.rules import Stage
from models.live.absences import out_by_team
from models.live.card import LATEST, Card, lines_of, make_card
from models.live.checks import check_features, check_lines, check_nights, check_reports, models_in_use
from models.live.record import SETTLED, SETTLED_PROPS_FILE, CardStore, StoredCard
from models.live.slate import build_slate
from models.live.stakes import outlook, with_night_stakes
from nba_props.data import load_odds, no_odds, read_game_logs
from nba_props.data.availability import (
    AvailabilityReading,
    join_availability,
    load_availability,
    no_fixtures,
    nobody_waiting,
)
from nba_props.data.fixtures import load_fixtures
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from models.live.absences import Decision
    from models.live.card import ModelInUse


@dataclass(frozen=True)
class Sources:
    """Box scores and lines, loaded.

    Attributes:
        odds: Lines as `load_odds` returns them.
        kind: "SIMULATED" or "real".
        name: Where they came from, in words.
        known: Who was reported out, with the players' ids; None where nothing was given.
        fixtures: Tips that files of fixtures and of availability tell; those of the lines are not among them.
    """

    games: pd.DataFrame
    odds: pd.DataFrame
    kind: str
    name: str
    known: AvailabilityReading | None = None
    fixtures: pd.DataFrame = field(default_factory=no_fixtures)


@dataclass(frozen=True)
class CardRequest:
    """What a card is made for.

    Attributes:
        stage: Stage of the models.
        at: Decision time (UTC); now, or for a night that is over the newest price, where it is None.
        max_age_hours: Oldest line that counts.
        idle: Days without games.
        kelly: Share of full Kelly over the joint night; None stakes one unit flat.
        bankroll: Bankroll in units, for Kelly stakes.
    """

    date: pd.Timestamp
    markets: tuple[str, ...]
    stage: str = Stage.PRODUCTION.value
    decision: str = LATEST
    at: pd.Timestamp | None = None
    max_age_hours: float = 12.0
    idle: tuple[pd.Timestamp, ...] = ()
    kelly: float | None = None
    bankroll: float = 1000.0

    def __post_init__(self) -> None:
        """Refuse a stage that makes no cards."""
        check_stage(self.stage)


def check_stage(stage: str) -> None:
    """ConfigError for a stage that makes no cards."""
    if stage not in {Stage.PRODUCTION.value, Stage.STAGING.value}:
        message = f"--stage is {stage!r}; cards are made by Production, and as shadows by Staging."
        raise ConfigError(message)


def check_sources(data: Sequence[Path] | None, *others: Sequence[Path] | None) -> None:
    """ConfigError where lines, reports or fixtures are given without box scores."""
    if not data and any(others):
        message = "--odds, --availability and --fixtures need --data: without it the simulated league is used."
        raise ConfigError(message)


def load_sources(
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    seed: int = 0,
    availability: Sequence[Path] | None = None,
    fixtures: Sequence[Path] | None = None,
) -> Sources:
    """Load box scores, lines, injury reports and fixtures; the simulated league where `data` is None.

    Raises:
        ConfigError: Lines, reports or fixtures without box scores.
        DataError: A file cannot be used.
    """
    check_sources(data, odds, availability, fixtures)
    if data:
        games, _ = read_game_logs(list(data))
        table = load_odds(list(odds)) if odds else no_odds()
        names = dict.fromkeys(
            path.resolve().name for path in [*data, *(odds or []), *(availability or []), *(fixtures or [])]
        )
        reading = load_availability(list(availability)) if availability else None
        told = [no_fixtures() if reading is None else reading.fixtures]
        tips = pd.concat([*told, load_fixtures(list(fixtures)) if fixtures else no_fixtures()], ignore_index=True)
        if reading is not None:
            found = join_availability(reading.availability, games)
            reading = replace(reading, availability=found.availability, fixtures=tips)
        return Sources(games, table, "real", ", ".join(names), reading, tips)
    from models.data import simulated_league

    league = simulated_league(seed=2026 + seed)
    found = join_availability(league.availability, league.games)
    known = AvailabilityReading(found.availability, nobody_waiting(), no_fixtures())
    return Sources(league.games, league.odds, "SIMULATED", f"SIMULATED league, seed {league.seed}", known)


def tonight(
    sources: Sources,
    request: CardRequest,
    registry: ModelRegistry,
    store: CardStore,
) -> tuple[Card, StoredCard, bool]:
    """Make the card that is asked for and keep it; return it, how it is stored, and whether it is new.

    Raises:
        DataError: Box scores or lines that cannot make this card.
        ModelError: A model that cannot.
        UnknownModelError: There is none.
    """
    models = models_in_use(registry, request.markets, sources.kind, request.stage)
    check_nights(sources.games, sources.odds, request.date, request.idle, sources.fixtures)
    present = pd.Timestamp.now(tz="UTC")
    over = (sources.games["game_date"] >= request.date).any()
    at = request.at if request.at is not None else None if over else present
    decided = _decisions(models, request.decision, at)
    slate, history = build_slate(
        sources.games, sources.odds, request.date, kind=sources.kind, source=sources.name,
        known=sources.known if check_reports(models, reported=sources.known is not None) else None,
        fixtures=sources.fixtures, decided=decided,
    )  # fmt: skip
    for model in models.values():
        check_features(model.forecast, *history)
    if request.decision == LATEST or not over:
        newest = slate.quotes["observed_at"].max() if len(slate.quotes) else present
        check_lines(slate, newest if at is None else at, request.max_age_hours)
    settled = settled_since(store, models, request, sources.kind)
    card = make_card(slate, models, decision=request.decision, at=at, settled=settled)
    if sources.known is not None:
        out = out_by_team(sources.known, request.date, card.decision_time)
        card = replace(card, props=card.props.assign(out=[out.get(team, "") for team in card.props["team"]]))
    if request.kelly is None:
        card = outlook(card, request.bankroll)
    else:
        card = with_night_stakes(card, request.kelly, request.bankroll, store)
    stored, new = store.keep(card, request.stage)
    return card, stored, new


def _decisions(
    models: Mapping[str, ModelInUse], decision: str, at: pd.Timestamp | None
) -> tuple[Decision, Decision | pd.Timestamp]:
    """When the games before the night were decided, and when those of the night are.

    Raises:
        ConfigError: The models were trained on different decisions.
    """
    rules = {model.forecast.rule.decision for model in models.values()}
    if len(rules) > 1:
        message = "These models were trained on different decisions (open, close): make one card per --market."
        raise ConfigError(message)
    (trained,) = rules
    if decision == LATEST:
        return trained, "close" if at is None else at
    return trained, trained if decision == "rule" else "close" if decision == "close" else "open"


def settled_since(
    store: CardStore, models: dict[str, ModelInUse], request: CardRequest, kind: str
) -> dict[str, pd.DataFrame]:
    """Market to the props that the version in use has settled on earlier nights: its calibrator learns from them."""
    cards = [
        card
        for card in store.cards(stage=request.stage, kind=kind)
        if card.status == SETTLED and card.date < request.date
    ]
    found = {}
    for market, model in models.items():
        mine = [card for card in cards if card.models.get(market) == (model.name, model.version)]
        parts = [store.table(card.run_id, SETTLED_PROPS_FILE) for card in mine]
        rows = [lines_of(part[part["market"] == market], model.forecast) for part in parts]
        if rows:
            found[market] = pd.concat(rows, ignore_index=True)
    return found
