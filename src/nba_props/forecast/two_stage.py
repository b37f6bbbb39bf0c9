"""Minutes first, then production per minute: two medians, multiplied, and a correction of what that gets wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.errors import DataError, NotEnoughDataError
from nba_props.forecast.binning import BinnedRows, binned_rows, labelled
from nba_props.forecast.boosting import TREES, _Boosting, lightgbm_settings, room_for_leaves

_HELD_OUT = 0.2
_SHIFT_ROWS = 24_000
"""Most rows that the two models behind the shift are fitted on, the latest ones: a third of the cost of all."""
_LEAST_HELD_OUT = 500


def minutes_times_rate(minutes: np.ndarray, rate: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """The forecast (n, stat units) from minutes (n), production per minute (n) and the shift; never below zero.

    >>> minutes_times_rate(np.array([30.0, 20.0]), np.array([0.5, 0.6]), shift=-0.5).tolist()
    [14.5, 11.5]
    """
    product = np.maximum(minutes, 0.0) * np.maximum(rate, 0.0)
    return np.asarray(np.maximum(product + shift, 0.0), dtype="float64")


class TwoStageMinutesEstimator(_Boosting):
    """Two LightGBM models with the L1 objective: minutes, and production per minute.

    The second one minimises ``sum minutes |stat / minutes - rate| = sum |stat - minutes rate|`` over the rows with
    minutes, so that its error is in stat units. The product of two conditional medians is not the conditional median
    of the product (on real points it lies half a point too high), so a constant is added. It is the median
    residual of the last fifth of the training rows under two models fitted on earlier rows, learnt on the first half
    of them and kept only if it lowers the error on the second half.

    Args:
        params: Overrides by LightGBM's own names, plus ``n_estimators``, for both stages.
        minutes: Minutes played in each training row, by the index of the features. Only the rows given to `fit` are
            read: a forecast never sees the minutes of its own game.
        seed: Random seed.
        threads: Threads; the forecasts do not depend on it.
    """

    library = "lightgbm"
    defaults = {"objective": "regression_l1", **TREES}  # noqa: RUF012 - read only

    _minutes_booster: lightgbm.Booster
    _rate_booster: lightgbm.Booster

    def __init__(self, params: dict[str, Any], *, minutes: pd.Series, seed: int = 0, threads: int = 1) -> None:
        super().__init__({**room_for_leaves(params), **params}, seed=seed, threads=threads)
        self._minutes = minutes
        self._shift = 0.0

    @property
    def n_estimators(self) -> int:
        """Trees of both stages together; ``params["n_estimators"]`` is those of each."""
        return 2 * self._trees

    @property
    def native(self) -> dict[str, lightgbm.Booster]:
        """The fitted boosters, ``minutes`` and ``rate``; `minutes_times_rate` with `shift` makes the forecast."""
        return {"minutes": self._minutes_booster, "rate": self._rate_booster}

    @property
    def shift(self) -> float:
        """What is added to minutes times rate, stat units; 0 where it did not lower the error out of sample."""
        return self._shift

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Fit on `features` (n, k) and `target` (n, stat units), rows in time order.

        Raises:
            DataError: A row without minutes.
            NotEnoughDataError: Nobody has played a minute.
        """
        self.fit_binned(features, target, partial(binned_rows, features, len(features), len(features)))

    def fit_binned(self, features: pd.DataFrame, target: pd.Series, binned: BinnedRows) -> None:
        """`fit`, with rows that are binned already: those of `features` are the first of `binned`.

        Raises:
            DataError: A row without minutes.
            NotEnoughDataError: Nobody has played a minute.
        """
        self._names = list(features.columns)
        minutes = self._known_minutes(features.index)
        values, answers = features.to_numpy(), target.to_numpy(dtype="float64")
        data = binned(self._settings())
        self._shift = self._learnt_shift(data, values, answers, minutes)
        rows = np.arange(len(answers))
        self._minutes_booster, self._rate_booster = self._stages(data, answers, minutes, rows)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units)."""
        values = features[self._names].to_numpy()
        return self._forecast(self._minutes_booster, self._rate_booster, values, self._shift)

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """Part of each feature in each forecast (n, k; stat units): with the product of the two means they sum to it.

        ``m r - m0 r0 = (m - m0) (r + r0) / 2 + (r - r0) (m + m0) / 2``, and the parts of the minutes and of the rate
        sum to ``m - m0`` and ``r - r0``.
        """
        values = features[self._names].to_numpy()
        parts, sums = [], []
        for booster in (self._minutes_booster, self._rate_booster):
            raw = np.asarray(booster.predict(values, pred_contrib=True, num_threads=self._threads), dtype="float64")
            parts.append(raw[:, :-1])
            sums.append((2.0 * raw[:, -1] + raw[:, :-1].sum(axis=1))[:, None])
        return np.asarray(0.5 * (parts[0] * sums[1] + parts[1] * sums[0]))

    def importances(self) -> pd.Series:
        """Mean over the two stages of the share of total gain per feature, descending."""
        gains = [np.asarray(booster.feature_importance("gain"), dtype="float64") for booster in self.native.values()]
        return self._ranked(np.sum([gain / max(gain.sum(), np.finfo("float64").tiny) for gain in gains], axis=0))

    def _settings(self) -> dict[str, Any]:
        return lightgbm_settings(self._params, self._seed, self._threads)

    def _known_minutes(self, index: pd.Index) -> Floats:
        minutes: Floats = self._minutes.reindex(index).to_numpy(dtype="float64")
        missing = ~np.isfinite(minutes) | (minutes < 0)
        if missing.any():
            raise DataError(
                "minutes",  # noqa: EM101 - the table's name
                "training rows without minutes played",
                fix="Give the minutes of every row, on the index of the features.",
                column="min",
                count=int(missing.sum()),
            )
        if not minutes.any():
            message = "Nobody has played a minute in the training rows; the rate per minute cannot be learnt."
            raise NotEnoughDataError(message)
        return minutes

    def _stages(
        self, data: lightgbm.Dataset, answers: np.ndarray, minutes: np.ndarray, rows: Ints
    ) -> tuple[lightgbm.Booster, lightgbm.Booster]:
        """Both models on `rows`; the bins of the columns are shared."""
        played = rows[minutes[rows] > 0]
        boosters = []
        for chosen, label, weight in (
            (rows, minutes[rows], None),
            (played, answers[played] / minutes[played], minutes[played]),
        ):
            part = labelled(data, chosen, label, weight)
            boosters.append(lightgbm.train(self._settings(), part, num_boost_round=self._trees))
        return boosters[0], boosters[1]

    def _forecast(
        self, minutes: lightgbm.Booster, rate: lightgbm.Booster, values: np.ndarray, shift: float = 0.0
    ) -> np.ndarray:
        raw = [booster.predict(values, num_threads=self._threads) for booster in (minutes, rate)]
        return minutes_times_rate(raw[0], raw[1], shift)

    def _learnt_shift(
        self, data: lightgbm.Dataset, values: np.ndarray, answers: np.ndarray, minutes: np.ndarray
    ) -> float:
        held = int(_HELD_OUT * len(answers))
        first = len(answers) - held
        rows = np.arange(max(0, first - _SHIFT_ROWS), first)
        if held < _LEAST_HELD_OUT or not minutes[rows].any():
            return 0.0
        late = slice(first, None)
        forecast = self._forecast(*self._stages(data, answers, minutes, rows), values[late])
        residual = answers[late] - forecast
        learn, judge = residual[: held // 2], residual[held // 2 :]
        helps = np.abs(judge - np.median(learn)).mean() < np.abs(judge).mean()
        return float(np.median(residual)) if helps else 0.0
