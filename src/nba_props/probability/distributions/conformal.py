"""Conformal predictive distribution: the past out-of-sample errors themselves, scaled, by tier and by size of forecast.

The error of a forecast grows with the forecast, and its shape changes: near zero it is skewed, at 30 points nearly
symmetric. So within each group (minutes tier) the scaled errors ``(y - mu) / s(mu)`` are collected in bins of mu, and
the CDF at a forecast is interpolated between the two bins around it. Results are whole numbers: each stands for the
unit interval around it, so that P(push) on a whole line has its proper mass.

Sources: Vovk et al. (2019), Nonparametric predictive distributions based on conformal prediction (the ranks);
Johansson et al. (2023) for the normalised, group-wise (Mondrian) version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nba_props.arrays import Floats, Ints
from nba_props.probability.distributions.base import PredictiveDistribution
from nba_props.probability.distributions.scale import ScaleModel, fit_scale

_GOLDEN = 0.6180339887498949


class ConformalDistribution(PredictiveDistribution):
    """Empirical distribution of scaled out-of-sample errors.

    Args:
        bin_rows: Rows wanted in each bin of mu; a group has at least one bin.
        max_bins: Most bins per group.
        knots: Points at which each bin's error distribution is kept.
    """

    def __init__(self, bin_rows: int = 1000, max_bins: int = 8, knots: int = 401) -> None:
        self.bin_rows = bin_rows
        self.max_bins = max_bins
        self.knots = knots
        self._scale: ScaleModel
        self._centres: list[Floats]
        self._tables: list[list[tuple[Floats, Floats]]]

    def _fit(self, y: Floats, mu: Floats, code: Ints) -> None:
        self._scale = fit_scale(y - mu, mu, code, len(self._names))
        # Spread each whole number over its unit interval by a fixed low-discrepancy pattern: no random numbers.
        spread = (np.arange(len(y)) * _GOLDEN) % 1.0 - 0.5
        scaled = (y + spread - mu) / self._scale.at(mu, code)
        self._centres, self._tables = [], []
        for group in range(len(self._names)):
            rows = np.flatnonzero(code == group)
            bins = int(np.clip(len(rows) // self.bin_rows, 1, self.max_bins))
            parts = np.array_split(rows[np.argsort(mu[rows], kind="stable")], bins)
            self._centres.append(np.array([np.median(mu[part]) for part in parts]))
            self._tables.append([self._table(np.sort(scaled[part])) for part in parts])

    def _table(self, errors: Floats) -> tuple[Floats, Floats]:
        """Knots of the conformal CDF of a sorted sample of n: the i-th smallest error at level i / (n + 1)."""
        n = len(errors)
        position = np.unique(np.linspace(0, n - 1, min(self.knots, n)).round().astype("int64"))
        return errors[position], (position + 1.0) / (n + 1.0)

    def _cdf(self, whole: Floats, mu: Floats, code: Ints) -> Floats:
        return self._reader(mu, code)(whole)

    def _reader(self, mu: Floats, code: Ints) -> Callable[[Floats], Floats]:
        scale, parts = self._scale.at(mu, code), list(self._shares(mu, code))

        def cdf(whole: Floats) -> Floats:
            scaled, result = (whole + 0.5 - mu) / scale, np.zeros(len(mu))
            for rows, share, table in parts:
                result[rows] += share * _level(table, scaled[rows])
            return result

        return cdf

    def _shares(self, mu: Floats, code: Ints) -> Iterator[tuple[Ints, Floats, tuple[Floats, Floats]]]:
        """Of each bin the rows it counts for, its share in them, and its table.

        The CDF of a forecast is that between the two bins around it, weighted by the distance to their centres.
        """
        for group, (centres, tables) in enumerate(zip(self._centres, self._tables, strict=True)):
            own = np.flatnonzero(code == group)
            position = np.interp(mu[own], centres, np.arange(len(centres), dtype="float64"))
            known = np.nan_to_num(position)  # a missing forecast has no place; whoever asks leaves it out
            low = np.minimum(known.astype("int64"), len(centres) - 1)
            weight = known - low
            for index, table in enumerate(tables):
                share = np.where(low == index, 1.0 - weight, np.where(low == index - 1, weight, 0.0))
                rows = np.flatnonzero(share > 0)
                yield own[rows], share[rows], table


def _level(table: tuple[Floats, Floats], value: Floats) -> Floats:
    """CDF at `value`: linear between the knots; beyond them it runs out exponentially and never reaches 0 or 1."""
    errors, levels = table
    inside = np.interp(value, errors, levels)
    width = max(float(errors[-1] - errors[0]) / 20.0, 1e-9)
    below = levels[0] * np.exp(np.minimum(value - errors[0], 0.0) / width)
    above = 1.0 - (1.0 - levels[-1]) * np.exp(np.minimum(errors[-1] - value, 0.0) / width)
    return np.where(value < errors[0], below, np.where(value > errors[-1], above, inside))
