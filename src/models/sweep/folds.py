"""The trials of a sweep on the calibration folds: dates that all lie before the first test date."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from models.forecasting import config_folds, forecaster, members
from nba_props.errors import ConfigError, NotEnoughDataError
from nba_props.evaluation.market import evaluate_market
from nba_props.evaluation.regression import validation_metrics
from nba_props.forecast.walk_forward import WalkForwardResult, walk_forward_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.data import TrainingData
    from nba_props.config import TrainerConfig
    from nba_props.forecast.folds import Fold


@dataclass
class TrialFolds:
    """One trial going through the calibration folds; `results` holds those of each member of the model so far."""

    config: TrainerConfig
    results: dict[str, list[WalkForwardResult]] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Time of the fits so far, seconds."""
        return float(sum(part.folds["fit_seconds"].sum() for parts in self.results.values() for part in parts))

    def pooled(self) -> WalkForwardResult:
        """The out-of-sample predictions of the folds so far; those of an ensemble combined."""
        pooled = {name: _pooled_parts(parts) for name, parts in self.results.items()}
        if self.config.model != "ensemble":
            return pooled[self.config.forecaster]
        from nba_props.forecast.ensemble import combine_forecasts

        return combine_forecasts(pooled, self.config.ensemble.method)[0]


def calibration_folds(data: TrainingData, config: TrainerConfig) -> list[Fold]:
    """The folds trials are judged on; the last of them ends before the first test date.

    Raises:
        NotEnoughDataError: There are none.
    """
    folds = config_folds(data, config)
    chosen = [fold for fold in folds if fold.role == "calibration"]
    first_test = min(fold.test_start for fold in folds if fold.role == "test")
    if not chosen or max(fold.test_end for fold in chosen) >= first_test:
        message = "A sweep needs calibration folds before the first test date."
        raise NotEnoughDataError(message)
    return chosen


def advance(trials: Sequence[TrialFolds], data: TrainingData, fold: Fold, *, workers: int) -> None:
    """Fit and predict `fold` for all `trials`, side by side in one joblib call."""
    made = [
        (trial, member, replace(forecaster(data, trial.config, member), folds=[fold], final=False))
        for trial in trials
        for member in members(trial.config)
    ]
    results = walk_forward_all([each for _, _, each in made], workers=workers)
    for (trial, member, _), result in zip(made, results, strict=True):
        trial.results.setdefault(member, []).append(result)


def running_value(trial: TrialFolds, objective: str) -> float | None:
    """The objective over the folds so far; None for one that a few folds cannot judge (all but forecast errors)."""
    return validation_metrics(trial.pooled().predictions).get(objective)


def objective_value(trial: TrialFolds, data: TrainingData, objective: str) -> float:
    """The objective over all calibration folds.

    Errors of the forecasts are pooled over all of them. What needs probabilities or bets is computed on all but the
    first one, whose predictions the residual distributions of the others start from.

    Raises:
        ConfigError: The metric cannot be computed on the calibration folds.
    """
    pooled = trial.pooled()
    value = validation_metrics(pooled.predictions).get(objective)
    if value is None:
        later = _judged_on_later_folds(pooled)
        value = evaluate_market(later, data.quotes_of(trial.config.market), trial.config).metrics.get(objective)
    if value is None:
        message = (
            f"The objective {objective!r} cannot be computed on the calibration folds: there is no such metric, or no "
            "lines before the first test date."
        )
        raise ConfigError(message)
    return float(value)


def _pooled_parts(parts: Sequence[WalkForwardResult]) -> WalkForwardResult:
    return replace(
        parts[-1],
        predictions=pd.concat([part.predictions for part in parts], ignore_index=True),
        folds=pd.concat([part.folds for part in parts], ignore_index=True),
    )


def _judged_on_later_folds(result: WalkForwardResult) -> WalkForwardResult:
    """The calibration folds after the first one in the part of test folds."""

    def moved(table: pd.DataFrame) -> pd.DataFrame:
        roles = (table["fold"] > 0).map({True: "test", False: "calibration"})
        return table.assign(role=roles, fold=(table["fold"] - 1).clip(lower=0))

    return replace(result, predictions=moved(result.predictions), folds=moved(result.folds))
