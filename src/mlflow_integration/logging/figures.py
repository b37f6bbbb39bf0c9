"""Diagnostic plots for any model: pure functions from arrays to a matplotlib figure, without pyplot's global state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from mlflow_integration.values.arguments import require_fitted
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

    from mlflow_integration.values.types import AnyModel, ArrayLike


_BLUE = "#2a6f97"
_ORANGE = "#d1741f"


def _figure(width: float, height: float, columns: int = 1) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, columns)


def _pair(first: ArrayLike, second: ArrayLike, names: str) -> tuple[Any, Any]:
    try:
        a, b = np.asarray(first, dtype="float64").ravel(), np.asarray(second, dtype="float64").ravel()
    except (TypeError, ValueError) as error:
        message = f"{names}: numbers are wanted ({error})."
        raise TrackingError(message) from error
    if a.size != b.size or not a.size:
        message = f"{names}: {a.size} and {b.size} values; wanted as many of one as of the other, and at least one."
        raise TrackingError(message)
    keep = np.isfinite(a) & np.isfinite(b)
    if not keep.any():
        message = f"{names}: no row has both values."
        raise TrackingError(message)
    return a[keep], b[keep]


def importance_of(model: AnyModel, feature_names: Sequence[str] | None = None) -> dict[str, float]:
    """Return the importance of each feature of a fitted model, as shares that sum to 1.

    Gain for boosters, impurity decrease for forests, absolute coefficients (not scaled) for linear models.

    Args:
        model: Fitted model, or a pipeline that ends in one.
        feature_names: Names in column order; the model's own where it knows them.

    Raises:
        TrackingError: The model has not been fitted, tells no importance, or names and importances differ in number.
    """
    require_fitted(model)
    final = model.steps[-1][1] if hasattr(model, "steps") else model
    booster = final.get_booster() if hasattr(final, "get_booster") else getattr(final, "booster_", final)
    if hasattr(booster, "get_score"):  # XGBoost: features never used are left out of the scores
        names = list(booster.feature_names or feature_names or [])
        scores = booster.get_score(importance_type="total_gain")
        values = (
            np.array([float(scores.get(name, 0.0)) for name in names]) if names else np.array(list(scores.values()))
        )
        names = names or list(scores)
    elif hasattr(booster, "feature_importance"):  # LightGBM
        values, names = np.asarray(booster.feature_importance(importance_type="gain"), float), booster.feature_name()
    elif hasattr(final, "feature_importances_"):
        values, names = np.asarray(final.feature_importances_, float), list(getattr(final, "feature_names_in_", []))
    elif hasattr(final, "coef_"):
        values = np.abs(np.atleast_2d(np.asarray(final.coef_, float))).mean(axis=0)
        names = list(getattr(final, "feature_names_in_", []))
    else:
        message = f"A {type(final).__name__} tells no feature importance; pass a mapping of name to importance."
        raise TrackingError(message)
    named = list(feature_names) if feature_names is not None else names or [f"feature_{i}" for i in range(values.size)]
    if len(named) != values.size:
        message = f"{len(named)} feature names for {values.size} importances."
        raise TrackingError(message)
    total = float(values.sum())
    return {str(name): float(value / total) if total > 0 else 0.0 for name, value in zip(named, values, strict=True)}


def feature_importance(
    importance: Mapping[str, float], *, top_n: int = 25, title: str = "Feature importance"
) -> Figure:
    """Draw the `top_n` most important features as bars, the most important on top."""
    ranked = sorted(importance.items(), key=lambda pair: -abs(pair[1]))[:top_n]
    if top_n < 1 or not ranked or not np.isfinite(list(importance.values())).all():
        message = "Feature importance needs at least one feature, finite numbers, and top_n of at least 1."
        raise TrackingError(message)
    figure, axes = _figure(8, 1.4 + 0.24 * len(ranked))
    axes.barh([name for name, _ in ranked][::-1], [value for _, value in ranked][::-1], color=_BLUE)
    axes.set(title=f"{title} (top {len(ranked)} of {len(importance)})", xlabel="share of total importance")
    axes.margins(y=0.01)
    return figure


def calibration_table(outcome: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> tuple[Any, Any, Any]:
    """Return mean probability, mean outcome and count of equal-count bins of the probability.

    Equal probabilities share a bin, so that the order of the rows says nothing; bins that get none are not there.

    Args:
        outcome: 1 where the event happened, 0 where not; shape (n,).
        probability: Forecast probability of the event; shape (n,).
        bins: Number of bins, fewer where there are fewer rows.
    """
    y, p = _pair(outcome, probability, "outcome and probability")
    if p.min() < 0 or p.max() > 1 or not np.isin(y, (0.0, 1.0)).all():
        message = "Calibration needs outcomes of 0 and 1 and probabilities between 0 and 1."
        raise TrackingError(message)
    if bins < 1:
        message = f"bins must be at least 1, not {bins}."
        raise TrackingError(message)
    place = np.floor((rankdata(p) - 0.5) * min(bins, p.size) / p.size)
    _, code, count = np.unique(place, return_inverse=True, return_counts=True)
    return np.bincount(code, weights=p) / count, np.bincount(code, weights=y) / count, count


def calibration_curve(
    outcome: ArrayLike, probability: ArrayLike, *, bins: int = 10, title: str = "Calibration"
) -> Figure:
    """Draw observed frequency over forecast probability in equal-count bins, with 95 % binomial bars."""
    forecast, observed, count = calibration_table(outcome, probability, bins=bins)
    # Wilson interval: E. B. Wilson (1927), holds its level near 0 and 1 where the plain one does not.
    z = 1.96
    centre = (observed + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(observed * (1 - observed) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    figure, axes = _figure(6, 5.6)
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1, label="perfect")
    bars = np.clip(np.vstack([observed - (centre - half), (centre + half) - observed]), 0, None)
    axes.errorbar(forecast, observed, yerr=bars, fmt="o-", color=_BLUE, capsize=3, label="observed, 95 %")
    spread = 0.06 + max(abs(forecast - 0.5).max(), abs(observed - 0.5).max(), 0.1)
    axes.set(xlim=(max(0, 0.5 - spread), min(1, 0.5 + spread)), ylim=(max(0, 0.5 - spread), min(1, 0.5 + spread)))
    axes.set(
        title=f"{title} ({int(count.sum()):,} forecasts)", xlabel="forecast probability", ylabel="observed frequency"
    )
    axes.legend(loc="upper left")
    return figure


def residuals(actual: ArrayLike, predicted: ArrayLike, *, title: str = "Residuals") -> Figure:
    """Draw residuals (actual minus predicted) over the prediction, with binned means, and their distribution."""
    y, f = _pair(actual, predicted, "actual and predicted")
    error = y - f
    figure, (left, right) = _figure(11, 4.6, columns=2)
    shown = np.linspace(0, y.size - 1, min(y.size, 5000)).astype(int)
    left.plot(f[shown], error[shown], ".", color=_BLUE, alpha=0.2, markersize=3, rasterized=True)
    parts = np.array_split(np.argsort(f, kind="stable"), min(20, y.size))
    left.plot([f[p].mean() for p in parts], [error[p].mean() for p in parts], color=_ORANGE, label="mean in 20 bins")
    left.axhline(0, color="0.5", linewidth=1)
    left.set(title=f"{title} ({y.size:,} rows)", xlabel="predicted", ylabel="actual - predicted")
    left.legend(loc="upper right")
    right.hist(error, bins=60, color=_BLUE)
    right.set(
        title=f"mean {error.mean():.2f}, SD {error.std():.2f}, MAE {np.abs(error).mean():.2f}",
        xlabel="actual - predicted",
        ylabel="rows",
    )
    return figure


def confusion_matrix(
    actual: ArrayLike,
    predicted: ArrayLike,
    *,
    labels: Sequence[str] = ("under", "over"),
    title: str = "Confusion matrix",
) -> Figure:
    """Draw counts and row shares of predicted against actual classes.

    Args:
        actual: Class index of each row, 0 to len(labels) - 1; shape (n,).
        predicted: Predicted class index; shape (n,).
        labels: Names of the classes.
        title: Title of the plot.
    """
    y, f = _pair(actual, predicted, "actual and predicted classes")
    size = len(labels)
    whole = (y == y.astype(int)).all() and (f == f.astype(int)).all()
    if not whole or min(y.min(), f.min()) < 0 or max(y.max(), f.max()) >= size:
        message = f"Classes must be whole numbers from 0 to {size - 1}, one for each of {', '.join(labels)}."
        raise TrackingError(message)
    counts = np.bincount(y.astype(int) * size + f.astype(int), minlength=size * size).reshape(size, size)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure(2.6 + size * 1.2, 2.2 + size * 1.1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        dark = share[row, column] > 0.55
        text = f"{count:,}\n{share[row, column]:.0%}"
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black")
    axes.set(title=f"{title} ({y.size:,} rows)", xlabel="predicted", ylabel="actual")
    axes.set_xticks(range(size), labels)
    axes.set_yticks(range(size), labels)
    return figure
