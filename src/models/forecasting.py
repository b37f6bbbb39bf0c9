"""From a configuration to out-of-sample forecasts and a final model, each computed once per data set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import cpu_count

from models.data import line_up_features, oracle, prediction_info, row_by_row
from nba_props.config import FIRST_SEASON
from nba_props.errors import ConfigError
from nba_props.evaluation.market import lines_at_decision
from nba_props.features import feature_families, feature_names, feature_texts, prior_games_in_season
from nba_props.forecast import ESTIMATORS, Estimator, make_estimator
from nba_props.forecast.estimator import split_member
from nba_props.forecast.folds import walk_forward_folds
from nba_props.forecast.reasons import Explain
from nba_props.forecast.walk_forward import Forecaster, WalkForwardResult, walk_forward_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from models.data import TrainingData
    from nba_props.arrays import Floats
    from nba_props.config import SelectionConfig, TrainerConfig
    from nba_props.forecast.folds import Fold


_FRAME = ("availability", "decision", "feature_groups", "line_feature", "noise_features", "seed")
"""Settings that the feature table of a configuration depends on."""

_SEEDS_APART = 1000
"""Between the seeds of members that are the same model: those of two runs with neighbouring seeds do not meet."""


@dataclass(frozen=True)
class EstimatorSpec:
    """Makes fresh estimators; small and picklable, so that it can travel to other processes.

    `minutes` of every training row are for the model that needs them; `selection` is feature selection inside the fit.
    """

    model: str
    params: dict[str, Any]
    seed: int
    minutes: pd.Series | None = None
    selection: SelectionConfig | None = None

    def __call__(self) -> Estimator:
        """A fresh estimator."""
        if self.selection is None:
            return self.plain()
        from nba_props.forecast import SelectedFeaturesEstimator

        return SelectedFeaturesEstimator(self.plain, **self.selection.model_dump(), seed=self.seed)

    def plain(self) -> Estimator:
        """A fresh estimator that uses every feature it is given."""
        return make_estimator(self.model, self.params, seed=self.seed, minutes=self.minutes)


@dataclass(frozen=True)
class Forecast:
    """What one configuration predicts.

    Attributes:
        result: Pooled out-of-sample predictions.
        estimator: The model fitted on every row.
        weights: Weights of an ensemble's members by fold; None for a single model.
        members: Pooled predictions of each member; empty for a single model.
    """

    result: WalkForwardResult
    estimator: Estimator
    weights: pd.DataFrame | None
    members: dict[str, WalkForwardResult]


class Forecasts:
    """The forecasts of several configurations: their fits go through one joblib call, so that no core waits.

    Everything is remembered here: configurations that differ only in what comes after the forecast (a calibrator, a
    betting rule) share it. Other data, or replaced features, need another object and so never meet old forecasts.

    Args:
        data: What is trained on.
        configs: In the order they will be asked for.
        on_fold: Called with (market, fits done, fits in all) of the forecaster being waited for.
        known: Results of the very same data made before, by what they depend on; what is made here joins them.
    """

    def __init__(
        self,
        data: TrainingData,
        configs: Sequence[TrainerConfig],
        on_fold: Callable[[str, int, int], None] | None = None,
        known: dict[str, WalkForwardResult] | None = None,
    ) -> None:
        self.data = data
        self._on_fold = on_fold
        self._results = {} if known is None else known
        queue: dict[str, tuple[TrainerConfig, str]] = {}
        for config in configs:
            for member in members(config):
                key = self._key(config, member)
                if key not in self._results:
                    queue.setdefault(key, (config, member))
        self._queue = queue
        self._frames: dict[str, pd.DataFrame] = {}
        self._workers = next(iter(configs)).workers or cpu_count()
        self._running: Generator[WalkForwardResult, None, None] | None = None

    def of(self, config: TrainerConfig) -> Forecast:
        """The forecast of one of the configurations.

        Raises:
            NotEnoughDataError: Too few rows before a fold.
            ModelError: A forecast is not a finite number.
        """
        results = {member: self._result(self._key(config, member)) for member in members(config)}
        if config.model != "ensemble":
            result = results[config.forecaster]
            return Forecast(result, _fitted(result), None, {})
        from nba_props.forecast.combined import WeightedEstimator
        from nba_props.forecast.ensemble import combine_forecasts, final_weights

        combined, weights = combine_forecasts(results, config.ensemble.method)
        final = final_weights(results, config.ensemble.method)
        estimator = WeightedEstimator({name: _fitted(result) for name, result in results.items()}, final)
        return Forecast(combined, estimator, weights, results)

    def features(self, config: TrainerConfig) -> pd.DataFrame:
        """The `feature_frame` of a configuration; those that use the same columns share one table."""
        key = json.dumps(_settings(config, *_FRAME, *(["market"] if config.line_feature else [])), sort_keys=True)
        if key not in self._frames:
            self._frames[key] = feature_frame(self.data, config)
        return self._frames[key]

    def start(self) -> None:
        """Begin the fits, if some are waited for: what needs no forecast can be done meanwhile."""
        if self._queue and self._running is None:
            self._running = self._started()

    def close(self) -> None:
        """End the fits under way, if there are any; what is asked for later starts them again.

        Their workers must not outlive the backend they belong to (`models.plan.jobs.fits_on`).
        """
        if self._running is not None:
            self._running.close()
            self._running = None

    def _key(self, config: TrainerConfig, member: str) -> str:
        """Everything the forecast of a member depends on; the decision only where what was known at it matters."""
        names = ["market", "selection", "walk_forward", "seed", "feature_groups", "line_feature", "noise_features"]
        names.append("availability")
        if self.data.availability is not None or config.line_feature:
            names.append("decision")
        settings = {**_settings(config, *names), "model": member, "params": _params(config, member)}
        return json.dumps(settings, sort_keys=True)

    def _result(self, key: str) -> WalkForwardResult:
        while key not in self._results:
            name = next(iter(self._queue))
            self.start()
            assert self._running is not None, "there is something to wait for"  # noqa: S101
            self._results[name] = next(self._running)
            del self._queue[name]
        if not self._queue:
            self.close()
        return self._results[key]

    def _started(self) -> Generator[WalkForwardResult, None, None]:
        """The walks of everything that is waited for."""
        markets = [config.market for config, _ in self._queue.values()]
        infos = {market: prediction_info(self.data, market) for market in dict.fromkeys(markets)}
        truth = cache(partial(oracle, self.data))
        made = [
            forecaster(self.data, config, member, self.features(config), infos[config.market], truth)
            for config, member in self._queue.values()
        ]
        total, done = [len(each.fits()) for each in made], [0] * len(made)

        def count(position: int, _: Fold | None) -> None:
            done[position] += 1
            if self._on_fold is not None:
                self._on_fold(markets[position], done[position], total[position])

        return walk_forward_all(made, workers=self._workers, on_fold=count)


def feature_frame(data: TrainingData, config: TrainerConfig) -> pd.DataFrame:
    """The columns of the feature table a configuration uses, plus its noise columns."""
    features = data.features
    tonight = line_up_features(data, config)
    if tonight is not None:
        features = row_by_row(features.assign(**tonight))
    if config.feature_groups is not None:
        known, wanted = set(feature_names()), set(feature_names(config.feature_groups))
        features = row_by_row(features[[name for name in features if name in wanted or name not in known]])
    if config.line_feature:
        features = row_by_row(features.assign(implied_line=_lines_tonight(data, config)))
    if config.noise_features:
        noise = np.random.default_rng([config.seed, 7]).normal(size=(len(features), config.noise_features))
        names = [f"noise_{number}" for number in range(config.noise_features)]
        features = row_by_row(features.join(pd.DataFrame(noise, index=features.index, columns=names)))
    return features


def _lines_tonight(data: TrainingData, config: TrainerConfig) -> Floats:
    """The market's forecast of each player-game at decision time (n, stat units); NaN without a line.

    Raises:
        ConfigError: There is no line of the market.
    """
    lines = lines_at_decision(data.quotes_of(config.market), config)
    if lines.empty:
        message = f"line_feature: there are no lines of {config.market}; give some with --odds, or leave it out."
        raise ConfigError(message)
    keys = ["game_id", "player_id"]
    found = data.games[keys].merge(lines, how="left", on=keys, validate="1:1")
    return np.asarray(found["implied_line"], dtype="float64")


def config_folds(data: TrainingData, config: TrainerConfig) -> list[Fold]:
    """The walk-forward of a configuration."""
    settings, games = config.walk_forward, data.games
    first = first_test_season(data, config)
    return walk_forward_folds(
        games["game_date"], games["season"], first_test_season=first, step=settings.step, gap_days=settings.gap_days
    )


def first_test_season(data: TrainingData, config: TrainerConfig) -> str | None:
    """The season a configuration is tested from; None leaves it to the folds, which take the last one."""
    first = config.walk_forward.first_test_season
    if first == FIRST_SEASON:
        seasons = sorted(data.games["season"].unique())
        return str(seasons[min(1, len(seasons) - 1)])
    if first is None:
        lined = data.usable_seasons(config.market)
        return lined[0] if lined else None
    return first


def members(config: TrainerConfig) -> tuple[str, ...]:
    """Names of the models that a configuration fits: its own, the members of its ensemble, or the one it blends."""
    return config.ensemble.members if config.model == "ensemble" else (config.forecaster,)


def _params(config: TrainerConfig, member: str) -> dict[str, Any]:
    params = config.model_params
    return dict(params.get(member, {})) if config.model == "ensemble" else dict(params)


def _settings(config: TrainerConfig, *names: str) -> dict[str, Any]:
    return config.model_dump(mode="json", include=set(names))


def forecaster(
    data: TrainingData, config: TrainerConfig, member: str, features: pd.DataFrame | None = None,
    info: pd.DataFrame | None = None, truth: Callable[[str, pd.Timestamp], pd.DataFrame] | None = None,
) -> Forecaster:  # fmt: skip
    """What one of the `members` is fitted on, and its folds.

    `features`, `info` and `truth` (the `oracle` of the data) are given where they are made already.
    """
    info = prediction_info(data, config.market) if info is None else info
    model, number = split_member(member)
    minutes = data.games["min"].astype("float64") if ESTIMATORS[model].needs_minutes else None
    seed = config.seed + _SEEDS_APART * number
    folds = config_folds(data, config)
    return Forecaster(
        features=feature_frame(data, config) if features is None else features,
        target=info["actual"],
        info=info,
        folds=folds,
        make=EstimatorSpec(model, _params(config, member), seed, minutes, config.selection),
        evaluated=prior_games_in_season(data.games) > 0,
        final=True,
        explain=explained(data, config.market),
        more=partial(truth or partial(oracle, data), config.market, folds[0].test_start),
    )


def explained(data: TrainingData, market: str) -> Explain:
    """Which forecasts get reasons, those with a line, and in which words."""
    quotes = data.quotes_of(market)
    lined = pd.MultiIndex.from_frame(quotes[["game_id", "player_id"]])
    rows = pd.MultiIndex.from_frame(data.games[["game_id", "player_id"]]).isin(lined)
    return Explain(pd.Series(rows, data.games.index), feature_families(), feature_texts())


def _fitted(result: WalkForwardResult) -> Estimator:
    assert result.final is not None, "every forecaster of this module asks for the final fit"  # noqa: S101
    return result.final
