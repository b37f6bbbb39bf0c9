"""A season night by night, as it would have happened: card, settlement, watch, retraining, promotion, rollback."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mlflow_integration import ModelRegistry
from mlflow_integration.stages.rules import Stage
from models.data import line_up_features, row_by_row
from models.live.batch import batch_ledger
from models.live.card import ModelInUse, lines_of, make_card
from models.live.checks import model_name, models_in_use
from models.live.monitor import MonitorReport, apply_verdict, can_go_back, monitor_model
from models.live.record import EXPERIMENT, SETTLED_PROPS_FILE, CardStore
from models.live.settle import settle_cards
from models.live.shadow import record_shadows
from models.live.slate import flag_by_market, slate_of_data
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.content import fingerprint
from nba_props.errors import ConfigError, NotEnoughDataError, PromotionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.data import TrainingData
    from models.live.slate import Slate
    from nba_props.config import TrainerConfig

SAME_BET: Final = [
    "game_date", "game_id", "player_id", "market", "bookmaker", "side", "line", "price", "observed_at", "p", "p_push",
    "q", "edge", "ev", "stake_cents", "actual", "result", "profit_cents", "bankroll_cents",
]  # fmt: skip
"""Columns of a ledger in which a replay on one model equals the walk-forward. (A close that is moved to another line is
moved by the shape of what had been settled until that night: the closing columns of such bets may differ.)"""

_PROBABILITIES: Final = ("p", "p_push", "edge", "ev")
_ROUNDING: Final = 1e-6
"""Trees forecast a row alike whatever stands beside it. Products of matrices (linear model, neural net) are rounded to
single precision in an order that depends on the number of rows: a night and a season differ in the seventh place."""


@dataclass(frozen=True)
class ReplaySettings:
    """How a season is replayed, from the night `start` to the night `end`.

    Attributes:
        retrain_days: Days between trainings; None trains once, before the first night.
        monitor_days: Days between looks of the monitor.
        roll_back: Whether its verdict is applied.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    retrain_days: int | None = 7
    monitor_days: int = 7
    roll_back: bool = True


@dataclass
class Replay:
    """The result of a replayed season.

    Attributes:
        ledger: Every bet, settled.
        metrics: Live metrics of it.
        history: Stage transitions of every model.
        reports: What the monitor said, in order.
        equal: Market to whether the ledger equals the walk-forward's bet by bet; empty after a second training.
        nights: Nights replayed.
        versions: Versions that made cards, by market, in order.
    """

    ledger: pd.DataFrame
    metrics: dict[str, float]
    history: pd.DataFrame
    reports: list[MonitorReport] = field(default_factory=list)
    equal: dict[str, bool] = field(default_factory=dict)
    nights: int = 0
    versions: dict[str, list[int]] = field(default_factory=dict)


def data_until(data: TrainingData, night: pd.Timestamp) -> TrainingData:
    """The data as they were on the evening of `night`: nothing of that night or later.

    Features do not depend on later games, so their rows are taken over as they are.
    """
    rows = (data.games["game_date"] < night).to_numpy()
    quotes = data.quotes[data.quotes["game_date"] < night].reset_index(drop=True)
    games = data.games[rows]
    return replace(
        data,
        games=games,
        features=data.features[rows],
        is_b2b=data.is_b2b[rows],
        quotes=quotes,
        fingerprint=fingerprint(games, quotes),
    )


def replay_season(
    data: TrainingData,
    configs: Sequence[TrainerConfig],
    settings: ReplaySettings,
    *,
    tracking_uri: str,
    on_night: Callable[[pd.Timestamp], None] | None = None,
) -> Replay:
    """Go through the nights of a season.

    Args:
        data: The whole season and what came before; each night only what lies before it is looked at.
        configs: One per market.
        settings: From when to when, and how.
        tracking_uri: A store of the replay's own: its models must not displace those in use.
        on_night: Called after each night (progress).

    Raises:
        NotEnoughDataError: There is no night with lines, or nothing to train on before it.
    """
    return _Season(data, configs, settings, tracking_uri).live(on_night)


class _Season:
    def __init__(
        self, data: TrainingData, configs: Sequence[TrainerConfig], settings: ReplaySettings, tracking_uri: str
    ) -> None:
        self.data, self.settings, self.uri = _as_known(data, configs), settings, tracking_uri
        self.configs = {config.market: config for config in configs}
        nights = max(config.staging_nights for config in configs)
        self.registry, self.store = ModelRegistry(tracking_uri, staging_nights=nights), CardStore(tracking_uri)
        self.flagged = flag_by_market(data.quotes[data.quotes["market"].isin(list(self.configs))])
        self.good = self.flagged[self.flagged["reason"] == ""].drop(columns="reason")
        self.settled: dict[tuple[str, int], list[pd.DataFrame]] = {}
        self.validation: dict[str, pd.DataFrame] = {}
        self.models: dict[str, ModelInUse] = {}
        self.shadows: dict[str, ModelInUse] = {}
        self.replay = Replay(pd.DataFrame(), {}, pd.DataFrame())

    def live(self, on_night: Callable[[pd.Timestamp], None] | None) -> Replay:
        settings = self.settings
        days = self.flagged["game_date"]
        nights = sorted(set(days[days.between(settings.start, settings.end)]))
        if not nights:
            message = f"No night from {settings.start.date()} to {settings.end.date()} has lines."
            raise NotEnoughDataError(message)
        trained = looked = nights[0]
        self._train(nights[0])
        for night in nights:
            due = settings.retrain_days is not None and (night - trained).days >= settings.retrain_days
            if due and not self.shadows:  # a newer version would take the place of the one that is tested in Staging
                self._train(night)
                trained = night
            if (night - looked).days >= settings.monitor_days:
                self._monitor(nights)
                looked = night
            self._evening(night)
            if on_night is not None:
                on_night(night)
        self._monitor(nights)
        return self._summed_up(nights)

    def _train(self, night: pd.Timestamp) -> None:
        """Train, register and judge a version of each market on what lies before the night."""
        before = data_until(self.data, night)
        for market, config in self.configs.items():
            trainer = NBAPropsMLflowTrainer(
                config=config, training_data=before, experiment_name=EXPERIMENT, tracking_uri=self.uri
            )
            result = trainer.run(f"retrained_{market}_{night:%Y-%m-%d}")
            name = model_name(market, self.data.kind)
            if self.registry.get_production_version(name) is None and result.registration is not None:
                reason = "first model of a replay: there is nothing to compare it with"
                self.registry.promote_model(
                    name, result.registration.version, Stage.PRODUCTION, reason=reason, override=True
                )
        self._load()

    def _load(self) -> None:
        """The versions in Production and in Staging now; one that stays is not loaded again."""
        for market in self.configs:
            name = model_name(market, self.data.kind)
            version = self.registry.get_production_version(name)
            if market not in self.models or self.models[market].version != version:
                self.models |= models_in_use(self.registry, [market], self.data.kind)
                self.replay.versions.setdefault(market, []).append(self.models[market].version)
        table = self.registry.list_models()
        standing = dict(table.loc[table["stage"] == Stage.STAGING.value, ["model", "version"]].itertuples(index=False))
        for market in self.configs:
            version = standing.get(model_name(market, self.data.kind))
            if version is None:
                self.shadows.pop(market, None)
            elif market not in self.shadows or self.shadows[market].version != version:
                self.shadows |= models_in_use(self.registry, [market], self.data.kind, Stage.STAGING.value)

    def _evening(self, night: pd.Timestamp) -> None:
        """The card, the shadow card of what is in Staging, and the morning after."""
        slate = slate_of_data(self.data, night, self.flagged)
        self._make_and_settle_card(night, slate, self.models, Stage.PRODUCTION)
        self.replay.nights += 1
        if self.shadows:
            self._make_and_settle_card(night, slate, self.shadows, Stage.STAGING)
            self._judge_shadows()

    def _make_and_settle_card(
        self, night: pd.Timestamp, slate: Slate, models: dict[str, ModelInUse], stage: Stage
    ) -> None:
        """A card of one stage, settled."""
        known = {
            market: pd.concat(self.settled[market, model.version], ignore_index=True)
            for market, model in models.items()
            if self.settled.get((market, model.version))
        }
        card = make_card(slate, models, decision="rule", settled=known)
        stored, _ = self.store.keep(card, stage.value)
        games = self.data.games[self.data.games["game_date"] <= night]
        quotes = self.good[self.good["game_date"] <= night]
        settle_cards(self.store, games, quotes, kind=self.data.kind, stage=stage.value, only=[stored], ledger=False)
        props = self.store.table(stored.run_id, SETTLED_PROPS_FILE)
        for market, model in models.items():
            rows = lines_of(props[props["market"] == market], model.forecast)
            self.settled.setdefault((market, model.version), []).append(rows)

    def _judge_shadows(self) -> None:
        """The test in Staging, once its nights are settled: to Production, or out of Staging."""
        for market, model in list(self.shadows.items()):
            if len(self.settled[market, model.version]) < self.configs[market].staging_nights:
                continue
            (report,) = record_shadows(self.store, self.registry, self.data.kind, only=model.name)
            if report.verdict == "insufficient evidence":
                continue
            refused = self._promote(model) if report else report.summary
            if refused:
                self.registry.demote_model(model.name, model.version, reason=f"test in Staging: {refused}")
            self._load()

    def _promote(self, model: ModelInUse) -> str:
        """Put a version that passed its test into Production; what is against it, empty where nothing."""
        try:
            self.registry.promote_model(model.name, model.version, Stage.PRODUCTION)
        except PromotionError as error:
            return str(error)
        return ""

    def _monitor(self, nights: Sequence[pd.Timestamp]) -> None:
        """The monitor's verdict on each model, applied if the settings say so."""
        for model in list(self.models.values()):
            if model.run_id not in self.validation:
                self.validation[model.run_id] = self.store.predictions(model.run_id)
            earlier = can_go_back(self.registry.transition_history(model.name), model.version)
            report = monitor_model(model, self.store, self.validation[model.run_id], played=nights, earlier=earlier)
            if self.settings.roll_back:
                report = apply_verdict(report, self.registry)
            self.replay.reports.append(report)
        self._load()

    def _summed_up(self, nights: Sequence[pd.Timestamp]) -> Replay:
        found = settle_cards(self.store, self.data.games, None, kind=self.data.kind, only=[])
        self.replay.ledger, self.replay.metrics = found.ledger, found.metrics
        histories = [
            self.registry.transition_history(model.name).assign(model=model.name) for model in self.models.values()
        ]
        self.replay.history = pd.concat(histories, ignore_index=True)
        for market, model in self.models.items():
            if self.replay.versions[market] == [model.version]:
                whole = batch_ledger(model.forecast, self.data, nights[0], nights[-1])
                mine = found.ledger[found.ledger["market"] == market]
                self.replay.equal[market] = same_bets(mine, whole, _ROUNDING)
        return self.replay


def _as_known(data: TrainingData, configs: Sequence[TrainerConfig]) -> TrainingData:
    """The data with the line-up features as the models know them.

    Raises:
        ConfigError: The models know them in different ways, or from the box scores of the night itself.
    """
    ways = {(config.availability, config.decision) for config in configs}
    if len(ways) > 1 or "stand_in" in {known for known, _ in ways}:
        message = "A replay needs models of one decision, none of them with availability stand_in, which no card knows."
        raise ConfigError(message)
    line_ups = line_up_features(data, configs[0])
    return data if line_ups is None else replace(data, features=row_by_row(data.features.assign(**line_ups)))


def same_bets(one: pd.DataFrame, two: pd.DataFrame, tolerance: float = 0.0) -> bool:
    """Whether two ledgers of one market hold the same bets, results and money, to the last bit.

    >>> ledger = pd.DataFrame([dict.fromkeys(SAME_BET, 0.5)])
    >>> same_bets(ledger, ledger), same_bets(ledger, ledger + 1e-7), same_bets(ledger, ledger + 1e-7, tolerance=1e-6)
    (True, False, False)
    >>> same_bets(ledger, ledger.assign(p=0.5 + 1e-7), tolerance=1e-6)
    True

    Args:
        one: Bets with the columns of `SAME_BET`.
        two: Others.
        tolerance: By how much the probabilities, and what follows from them alone, may differ.
    """
    names = [name for name in SAME_BET if not name.startswith("bankroll")]
    left, right = (table[names].reset_index(drop=True) for table in (one, two))
    if len(left) != len(right):
        return False
    near = _PROBABILITIES if tolerance else ()
    exact = all(left[name].equals(right[name].astype(left[name].dtype)) for name in names if name not in near)
    return exact and all(np.allclose(left[name], right[name], rtol=0.0, atol=tolerance) for name in near)
