"""One predictive distribution per player-game, from a residual distribution fitted on earlier predictions only.

The distribution of a player-game is that of its fold at its forecast, moved to a *location*: the forecast itself, or a
corrected one (`FoldDistributions.locate`). Every line is read from it, so P(over) falls with the line as fast as
results are spread, whatever was done to the location.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from nba_props.arrays import Floats, Ints
from nba_props.errors import NotEnoughDataError
from nba_props.forecast.walk_forward import WalkForwardResult
from nba_props.probability import (
    DISTRIBUTIONS,
    PredictiveDistribution,
    compare_distributions,
    minutes_tier,
    pit_bounds,
    pit_histogram,
)
from nba_props.probability.halving import halved

PROBABILITIES: Final = ["p_over", "p_push", "p_under"]
_KEY: Final = ["game_id", "player_id"]
_MIN_PAST: Final = 200
_FALLBACK: Final = "conformal"
_BISECTIONS: Final = 40
_HALVINGS: Final = 8
"""Results of all markets are below 2 to this power."""
_Part = tuple[str, int]


class Distributions(ABC):
    """Distributions of player-games, each read where its own forecast lies or wherever it is moved to."""

    def at(self, lines: pd.DataFrame) -> pd.DataFrame:
        """P(over), P(push) and P(under) for every line that has an out-of-sample forecast.

        Args:
            lines: ``game_id``, ``player_id``, ``line`` and anything else; n rows, several per player-game allowed.
                With ``location``, the distribution is moved by how far that is from the forecast (stat units; NaN: no
                probability); with ``scale`` and ``anchor`` too, its spread is so many times that of the fold, around
                the anchor.

        Returns:
            `lines` in its order with `PROBABILITIES`, ``fold`` and ``role``; NaN where the player-game has no
            out-of-sample forecast, or none that enough predictions come before.

        Raises:
            NotEnoughDataError: Fewer than 200 earlier out-of-sample predictions before a test fold that has lines.
        """
        known = self._known(lines)
        table = lines.assign(fold=known["fold"], role=known["role"], p_over=np.nan, p_push=np.nan, p_under=np.nan)
        for part, rows in self._parts(known):
            over, push, under = self._rows(part, known[rows], lines[rows]).probabilities()
            table.loc[rows, PROBABILITIES] = np.column_stack([over, push, under])
        return table

    def locate(self, lines: pd.DataFrame, chance: ArrayLike) -> Floats:
        """The location at which each line's P(over | no push) is `chance`, in units of the forecast.

        Args:
            lines: As for `at`; ``scale`` and ``anchor`` count, ``location`` does not.
            chance: Wanted P(over | no push), n.

        Returns:
            Locations, n; NaN where `chance` is, or where `at` gives no probability.
        """
        known, wanted = self._known(lines), np.asarray(chance, dtype="float64")
        locations = np.full(len(lines), np.nan)
        whole = lines["line"].to_numpy(dtype="float64") % 1.0 == 0.0
        for part, of_part in self._parts(known):
            for rows in (of_part & whole, of_part & ~whole):  # a line between whole numbers needs one value, not two
                if rows.any():
                    locations[rows] = self._rows(part, known[rows], lines[rows]).locations(wanted[rows])
        return locations

    def masses(self, lines: pd.DataFrame, actual: ArrayLike, scales: ArrayLike) -> Floats:
        """P(result = `actual`) of each row of `lines` at each of k scales around its ``anchor``.

        Args:
            lines: As for `at`, with an ``anchor``; a ``scale`` does not count.
            actual: Results, n.
            scales: How many times the spread of the fold, k.

        Returns:
            (n, k); NaN where either is missing.
        """
        result, known, factors = np.asarray(actual, dtype="float64"), self._known(lines), np.asarray(scales)
        masses = np.full((len(lines), len(factors)), np.nan)
        for part, rows in self._parts(known):
            value, at = np.nan_to_num(result[rows]), self._rows(part, known[rows], lines[rows])
            for column, factor in enumerate(factors):
                scaled = replace(at, scale=np.full(len(value), factor))
                mass = scaled.cdf(value) - scaled.cdf(value - 1.0)
                masses[rows, column] = np.where(np.isnan(result[rows]), np.nan, mass)
        return masses

    def quantiles(self, lines: pd.DataFrame, levels: Sequence[float]) -> Floats:
        """The least result of which P(result or less) reaches each of k `levels` in (0, 1): (n, k) whole numbers.

        `lines` are as for `at`, but need no ``line``. NaN where `at` gives no probability.
        """
        known, found = self._known(lines), np.full((len(lines), len(levels)), np.nan)
        for part, rows in self._parts(known):
            at, n = self._rows(part, known[rows], lines[rows].assign(line=np.nan)), int(rows.sum())
            for column, level in enumerate(levels):
                low, high = np.zeros(n), np.full(n, 2.0**_HALVINGS)
                for _ in range(_HALVINGS + 1):
                    middle = np.floor((low + high) / 2.0)
                    there = at.cdf(middle) >= level
                    low, high = np.where(there, low, middle + 1.0), np.where(there, middle, high)
                found[rows, column] = np.where(np.isnan(at.cdf(high)), np.nan, high)
        return found

    @abstractmethod
    def _known(self, lines: pd.DataFrame) -> pd.DataFrame:
        """``role``, ``fold``, ``predicted`` and ``mean_minutes`` of each line's player-game, with its index."""

    @abstractmethod
    def _parts(self, known: pd.DataFrame) -> list[tuple[_Part, np.ndarray]]:
        """The folds that have rows and a distribution, each with a mask of its rows."""

    @abstractmethod
    def _of(self, part: _Part) -> PredictiveDistribution: ...

    def _rows(self, part: _Part, known: pd.DataFrame, lines: pd.DataFrame) -> _Rows:
        forecast = known["predicted"].to_numpy(dtype="float64")
        moved = {
            name: lines[name].to_numpy(dtype="float64") if name in lines else None
            for name in ("location", "scale", "anchor")
        }
        read = partial(_read, self._of(part), forecast, minutes_tier(known["mean_minutes"]))
        return _Rows(read(slice(None)), read, forecast, lines["line"].to_numpy(dtype="float64"), **moved)


def _read(
    distribution: PredictiveDistribution, forecast: Floats, groups: Ints, rows: Ints | slice
) -> Callable[[ArrayLike], Floats]:
    return distribution.reader(forecast[rows], groups[rows])


@dataclass(frozen=True)
class _Rows:
    """Lines of one fold (n), and how their distributions are read.

    Attributes:
        level: The CDF between whole numbers, of n values (`PredictiveDistribution.reader`).
        read: Makes the `level` of some of the rows.
        forecast, line: n.
        location, scale, anchor: As for `Distributions.at`; None where the distribution is not moved, or not stretched.
    """

    level: Callable[[ArrayLike], Floats]
    read: Callable[[Ints], Callable[[ArrayLike], Floats]]
    forecast: Floats
    line: Floats
    location: Floats | None = None
    scale: Floats | None = None
    anchor: Floats | None = None

    def probabilities(self) -> tuple[Floats, Floats, Floats]:
        """P(over), P(push) and P(under) of each line."""
        whole = np.floor(self.line) == self.line
        not_over = self.cdf(np.floor(self.line))
        under = np.where(whole, self.cdf(np.floor(self.line) - 1.0), not_over) if whole.any() else not_over
        push = np.maximum(not_over - under, 0.0)
        return 1.0 - under - push, push, under

    def locations(self, goal: Floats) -> Floats:
        """Where P(over | no push) of each line is `goal`; NaN where that is."""
        reach = 2.0 * self.line + 20.0

        def chance(location: Floats, rows: Ints) -> Floats:
            over, _, under = replace(self._picked(rows), location=location).probabilities()
            total = over + under
            return np.divide(over, total, out=np.full_like(over, 0.5), where=total > 0)

        found = halved(chance, goal, self.forecast - reach, self.forecast + reach, steps=_BISECTIONS)
        return np.where(np.isnan(goal), np.nan, found)

    def _picked(self, rows: Ints) -> _Rows:
        """Some of the rows, not moved."""
        if len(rows) == len(self.line):
            return self
        scale, anchor = (None if values is None else values[rows] for values in (self.scale, self.anchor))
        read, forecast, line = self.read, self.forecast[rows], self.line[rows]
        return _Rows(read(rows), read, forecast, line, scale=scale, anchor=anchor)

    def cdf(self, whole: Floats) -> Floats:
        """P(result <= whole), stretched around the anchor where there is a scale, and moved to the location."""
        edge = whole + 0.5
        if self.scale is not None and self.anchor is not None:
            edge = self.anchor + (edge - self.anchor) / self.scale
        if self.location is not None:
            edge = edge - (self.location - self.forecast)
        level = self.level(np.nan_to_num(edge))
        return np.where(np.isnan(edge), np.nan, np.where(whole < 0, 0.0, level))


class FrozenDistribution(Distributions):
    """One distribution for all: that of a model which is not fitted again, where it is used.

    Lines bring what is known of their player-game: ``predicted`` (NaN: no forecast) and ``mean_minutes``.
    """

    def __init__(self, fitted: PredictiveDistribution) -> None:
        self._fitted = fitted

    def _known(self, lines: pd.DataFrame) -> pd.DataFrame:
        there = lines["predicted"].notna()
        known = lines[["predicted", "mean_minutes"]].astype("float64")
        return known.assign(
            role=pd.Series("test", lines.index).where(there), fold=there.map({True: 0.0, False: np.nan})
        )

    def _parts(self, known: pd.DataFrame) -> list[tuple[_Part, np.ndarray]]:
        rows = known["predicted"].notna().to_numpy()
        return [(("test", 0), rows)] if rows.any() else []

    def _of(self, part: _Part) -> PredictiveDistribution:  # noqa: ARG002 - there is but one
        return self._fitted


class FoldDistributions(Distributions):
    """The residual distribution of every fold.

    That of a fold is fitted on the out-of-sample predictions dated up to the fold's last training date: calibration
    folds and earlier test folds, never the fold itself. Calibration folds have one too where enough comes before them:
    settled props of theirs teach the calibration.

    Args:
        result: Of `walk_forward`.
        name: Key of `DISTRIBUTIONS`, or "auto": the best on the calibration folds, which lie before all test folds
            ("conformal" where they are too few to compare on).

    Attributes:
        scores: What "auto" compared (`compare_distributions`); None where it did not.
    """

    def __init__(self, result: WalkForwardResult, name: str) -> None:
        self._predictions = result.predictions
        self._folds = result.folds.set_index(["role", "fold"])
        self._fitted: dict[_Part, PredictiveDistribution] = {}
        self.scores = _compared(result.predictions) if name == "auto" else None
        best = _FALLBACK if self.scores is None else str(self.scores["distribution"].iloc[0])
        self.name = best if name == "auto" else name

    def pit(self) -> pd.DataFrame:
        """PIT histogram (`pit_histogram`) of the results of all test folds, each under its own fold's distribution.

        Raises:
            NotEnoughDataError: Fewer than 200 earlier out-of-sample predictions before a test fold.
        """
        test = self._predictions[self._predictions["role"] == "test"]
        bounds = []
        for fold, rows in test.groupby("fold", sort=True):
            groups = minutes_tier(rows["mean_minutes"])
            bounds.append(pit_bounds(self._of(("test", int(fold))), rows["actual"], rows["predicted"], groups))
        return pit_histogram(np.concatenate([low for low, _ in bounds]), np.concatenate([high for _, high in bounds]))

    def _known(self, lines: pd.DataFrame) -> pd.DataFrame:
        """What is known of each line's player-game, with the index of `lines`."""
        columns = [*_KEY, "role", "fold", "predicted", "mean_minutes"]
        known = lines[_KEY].merge(self._predictions[columns], how="left", on=_KEY, validate="m:1")
        known.index = lines.index
        return known

    def _parts(self, known: pd.DataFrame) -> list[tuple[_Part, np.ndarray]]:
        """The folds that have rows and a distribution, each with a mask of its rows."""
        found = known[["role", "fold"]].dropna().drop_duplicates().sort_values(["role", "fold"])
        parts = []
        for role, fold in found.itertuples(index=False):
            part = (str(role), int(fold))
            if role == "test" or len(self._past(part)) >= _MIN_PAST:
                parts.append((part, ((known["role"] == role) & (known["fold"] == fold)).to_numpy()))
        return parts

    def _past(self, part: _Part) -> pd.DataFrame:
        return self._predictions[self._predictions["game_date"] <= self._folds.loc[part, "train_end"]]

    def _of(self, part: _Part) -> PredictiveDistribution:
        if part not in self._fitted:
            past = self._past(part)
            if len(past) < _MIN_PAST:
                message = (
                    f"Test fold {part[1]} has {len(past)} earlier out-of-sample predictions to learn the spread of "
                    f"results from; at least {_MIN_PAST} are needed. Add an earlier season or test a later one."
                )
                raise NotEnoughDataError(message)
            self._fitted[part] = DISTRIBUTIONS[self.name]().fit(
                past["actual"].to_numpy(), past["predicted"].to_numpy(), groups=minutes_tier(past["mean_minutes"])
            )
        return self._fitted[part]


def _compared(predictions: pd.DataFrame) -> pd.DataFrame | None:
    """Walk-forward scores on the calibration folds alone; None where they are too few."""
    early = predictions[predictions["role"] == "calibration"]
    try:
        return compare_distributions(
            early["actual"], early["predicted"], early["fold"], minutes_tier(early["mean_minutes"])
        )
    except NotEnoughDataError:
        return None
