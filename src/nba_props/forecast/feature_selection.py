"""Stable feature selection inside a fit: what beats noise on several halves of the training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, Literal

import lightgbm
import numpy as np
import pandas as pd

from nba_props.arrays import Floats, Ints
from nba_props.errors import ConfigError, NotEnoughDataError
from nba_props.forecast.boosting import TREES
from nba_props.forecast.estimator import Estimator

_BLOCKS = 40
_MOST_ROWS = 30_000
_MOST_HELD_OUT = 3_000
_TREES = 60


class SelectedFeaturesEstimator:
    """A forecaster fitted on the features that beat noise, chosen on the training rows alone.

    In each round a small LightGBM is fitted on another random half of the training rows with columns of noise beside
    the features. A feature is kept in the round if its importance is above that of every noise column, and chosen if it
    was kept in at least `share` of the rounds (Meinshausen and Buehlmann 2010, Stability selection; the noise reference
    is that of Stoppiglia et al. 2003, Ranking a random feature). The halves are made of whole blocks of consecutive
    rows, 40 in all, since rows are in time order and those of one night must not be in both halves. A column that is
    noise itself is above five others in one round of six: with the defaults it is chosen about once in 13 times.

    Args:
        inner: Returns a fresh forecaster, which is fitted on the chosen columns.
        rule: "gain": share of the total gain; "permutation": increase of the mean absolute error on the other half
            when the column is shuffled, which must also be above zero.
        noise_columns: Noise columns: standard normal ones and shuffled copies of features, in turn.
        rounds: Rounds.
        share: Share of the rounds a feature must be kept in.
        seed: Random seed.

    Raises:
        ConfigError: An unknown rule, or a number out of range.
    """

    def __init__(
        self,
        inner: Callable[[], Estimator],
        *,
        rule: Literal["gain", "permutation"] = "gain",
        noise_columns: int = 5,
        rounds: int = 3,
        share: float = 0.66,
        seed: int = 0,
    ) -> None:
        if rule not in {"gain", "permutation"} or noise_columns < 1 or rounds < 1 or not 0 < share <= 1:
            message = (
                "Feature selection takes rule 'gain' or 'permutation', noise_columns >= 1, rounds >= 1 and share in "
                f"(0, 1]; got {rule!r}, {noise_columns}, {rounds}, {share}."
            )
            raise ConfigError(message)
        self._inner = inner()
        self._rule = rule
        self._noise_columns = noise_columns
        self._rounds = rounds
        self._share = share
        self._seed = seed
        self._selected: tuple[str, ...] = ()
        self._frequency = pd.Series(dtype="float64", name="frequency")

    @property
    def selected(self) -> tuple[str, ...]:
        """The chosen features, in the order of the columns; empty before `fit`."""
        return self._selected

    @property
    def selection_frequency(self) -> pd.Series:
        """Share of the rounds each feature was kept in, in the order of the columns."""
        return self._frequency

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the inner forecaster and, as ``selection_*``, of the selection."""
        own = {"rule": self._rule, "noise_columns": self._noise_columns, "rounds": self._rounds, "share": self._share}
        return {**self._inner.params, **{f"selection_{name}": value for name, value in own.items()}}

    @property
    def n_estimators(self) -> int:
        """Trees of the inner forecaster."""
        return self._inner.n_estimators

    @property
    def native(self) -> Any:  # noqa: ANN401 - whatever the inner forecaster is made of
        """The inner forecaster's fitted model; it takes the chosen columns only."""
        return self._inner.native

    def fit(self, features: pd.DataFrame, target: pd.Series) -> None:
        """Choose columns of `features` (n, k), rows in time order, then fit on them and `target` (n, stat units).

        Raises:
            NotEnoughDataError: Fewer rows than blocks.
        """
        values, answers = features.to_numpy(), target.to_numpy(dtype="float64")
        kept, strength = np.zeros(features.shape[1]), np.zeros(features.shape[1])
        for index, (inside, outside) in enumerate(_halves(len(answers), self._rounds, self._seed)):
            importance, bar = self._round(values, answers, inside, outside, np.random.default_rng([self._seed, index]))
            kept += importance > bar
            strength += importance
        frequency = kept / self._rounds
        # Without the tolerance 2 rounds of 3 would not be a share of 0.6666666666666667.
        chosen = frequency >= self._share - 1e-9
        if not chosen.any():
            chosen[int(np.lexsort((-strength, -kept))[0])] = True
        self._frequency = pd.Series(frequency, index=features.columns, name="frequency")
        self._selected = tuple(features.columns[chosen])
        self._inner.fit(features[list(self._selected)], target)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units); columns that were not chosen are not needed."""
        return self._inner.predict(features[list(self._selected)])

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """The inner forecaster's (n, k; stat units), 0 for features that were not chosen."""
        out = np.zeros(features.shape)
        chosen = features.columns.get_indexer(list(self._selected))
        out[:, chosen] = self._inner.contributions(features[list(self._selected)])  # type: ignore[attr-defined]
        return out

    def staged(self, features: pd.DataFrame) -> np.ndarray | None:
        """Forecasts after each tree of the inner forecaster (trees, n; stat units); None where it has no trees."""
        inner = getattr(self._inner, "staged", None)
        return None if inner is None else np.asarray(inner(features[list(self.selected)]), dtype="float64")

    def importances(self) -> pd.Series:
        """The inner forecaster's, of the chosen features."""
        return self._inner.importances()

    def _round(
        self, values: np.ndarray, answers: np.ndarray, inside: Ints, outside: Ints, generator: np.random.Generator
    ) -> tuple[Floats, float]:
        """Importance of each feature and the bar set by the noise, from one half of the rows."""
        rows = _thinned(inside, _MOST_ROWS, generator)
        shuffled = generator.integers(0, values.shape[1], self._noise_columns)
        settings = {
            **{name: value for name, value in TREES.items() if name != "n_estimators"},
            "objective": "regression_l1",
            "seed": int(generator.integers(0, 2**31)),
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(_with_noise(values[rows], shuffled, generator), answers[rows], params=settings)
        booster = lightgbm.train(settings, data, num_boost_round=_TREES)
        gain = np.asarray(booster.feature_importance("gain"), dtype="float64")
        importance = gain / max(gain.sum(), np.finfo("float64").tiny)
        if self._rule == "permutation":
            rest = _thinned(outside, _MOST_HELD_OUT, generator)
            held_out = _with_noise(values[rest], shuffled, generator)
            importance = _permutation_importance(booster, held_out, answers[rest], np.flatnonzero(gain), generator)
        k = values.shape[1]
        return importance[:k], max(float(importance[k:].max()), 0.0)


def selection_stability(sets: Sequence[Sequence[str]], *, n_features: int | None = None) -> dict[str, float]:
    """How much several chosen sets agree.

    >>> selection_stability([["a", "b"], ["a", "b"]], n_features=4)
    {'jaccard': 1.0, 'nogueira': 1.0}
    >>> selection_stability([["a"], ["b"]], n_features=2)
    {'jaccard': 0.0, 'nogueira': -1.0}

    Args:
        sets: Chosen features of each fold or round, M of them.
        n_features: Features there were to choose from; None counts those chosen at least once, which makes
            ``nogueira`` lower than it is: to leave out the same features every time is agreement too.

    Returns:
        ``nogueira``: ``1 - mean_f(s_f**2) / ((m / d) (1 - m / d))``, ``s_f**2 = M / (M - 1) p_f (1 - p_f)``, p_f the
        share of sets with feature f, m the mean size, d `n_features`; 1 for equal sets, 0 on average for sets drawn at
        random, at least ``-1 / (M - 1)``; absent where all or no features are in every set. ``jaccard``: mean over the
        pairs of ``|A and B| / |A or B|``. Both absent with fewer than two sets.

    Raises:
        ConfigError: `n_features` is smaller than the number of different features in the sets.

    Source: Nogueira, Sechidis and Brown (2018), On the stability of feature selection algorithms, JMLR 18(174).
    """
    chosen = [frozenset(names) for names in sets]
    union = frozenset[str]().union(*chosen)
    if n_features is not None and n_features < len(union):
        message = f"n_features is {n_features}, but the sets hold {len(union)} different features."
        raise ConfigError(message)
    if len(chosen) < 2:
        return {}
    metrics = {"jaccard": float(np.mean([_jaccard(a, b) for a, b in combinations(chosen, 2)]))}
    count, d = len(chosen), n_features if n_features is not None else len(union)
    share = np.array([sum(name in names for names in chosen) for name in sorted(union)]) / count
    size = float(share.sum())
    if 0 < size < d:
        variance = count / (count - 1) * float((share * (1.0 - share)).sum()) / d
        metrics["nogueira"] = 1.0 - variance / (size / d * (1.0 - size / d))
    return metrics


def _jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Two empty sets are equal."""
    union = first | second
    return len(first & second) / len(union) if union else 1.0


def _halves(n: int, rounds: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Rows of a random half of the blocks and of the other half, for each round."""
    if n < _BLOCKS:
        message = f"{n} training rows cannot be cut into {_BLOCKS} blocks to choose features on."
        raise NotEnoughDataError(message)
    block = np.arange(n) * _BLOCKS // n
    generator = np.random.default_rng(seed)
    for _ in range(rounds):
        inside = np.isin(block, generator.permutation(_BLOCKS)[: _BLOCKS // 2])
        yield np.flatnonzero(inside), np.flatnonzero(~inside)


def _thinned(rows: Ints, most: int, generator: np.random.Generator) -> Ints:
    return rows if len(rows) <= most else np.sort(generator.choice(rows, most, replace=False))


def _with_noise(values: np.ndarray, shuffled: Ints, generator: np.random.Generator) -> np.ndarray:
    """`values` with noise columns on the right: normal ones and shuffled copies of the columns `shuffled`, in turn."""
    noise = generator.normal(size=(len(values), len(shuffled)))
    for position, column in enumerate(shuffled):
        if position % 2:
            noise[:, position] = generator.permutation(values[:, column])
    return np.hstack([values, noise.astype(values.dtype)])


def _permutation_importance(
    booster: lightgbm.Booster, values: np.ndarray, answers: np.ndarray, used: Ints, generator: np.random.Generator
) -> Floats:
    """Increase of the mean absolute error when a column is shuffled; 0 for columns outside `used`, which no tree uses.

    Source: Breiman (2001), Random forests; Fisher, Rudin and Dominici (2019), model reliance.
    """
    before = np.abs(booster.predict(values, num_threads=1) - answers).mean()
    importance = np.zeros(values.shape[1])
    for column in used:
        kept = values[:, column].copy()
        values[:, column] = generator.permutation(kept)
        importance[column] = np.abs(booster.predict(values, num_threads=1) - answers).mean() - before
        values[:, column] = kept
    return importance
