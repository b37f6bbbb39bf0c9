"""Has a model become worse in use? Judged with a confidence interval over days, so that bad luck alone is not enough.

The bets and predictions of one night share games, and are not independent: the resampled unit is the day. A metric
counts as degraded only if its whole interval lies on the worse side of the reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from mlflow_integration.values.arguments import at_least, require_frame
from mlflow_integration.values.show import html_table
from nba_props.errors import TrackingError
from nba_props.metrics import direction, resolve_direction
from nba_props.metrics.bootstrap import night_sums, ratio_interval
from nba_props.metrics.definitions import brier_score_rows, clv_rows, mae_rows, roi_rows, win_rate_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from mlflow_integration.stages.records import RegistryStore, VersionState
    from mlflow_integration.values.types import AnyValue
    from nba_props.arrays import Floats
    from nba_props.metrics.definitions import Rows

_RESAMPLES: Final = 4000


@dataclass(frozen=True)
class _Definition:
    """Columns a metric is computed from, and its numerator and denominator row by row."""

    columns: tuple[str, ...]
    rows: Callable[..., Rows]


_DEFINITIONS: Final[dict[str, _Definition]] = {
    "val_mae": _Definition(("actual", "predicted"), mae_rows),
    # Live bets have no result of their own: it is the sign of the profit.
    "roi": _Definition(("profit", "stake"), lambda profit, stake: roi_rows(profit, stake, np.sign(profit))),
    "win_rate": _Definition(("profit",), lambda profit: win_rate_rows(np.sign(profit))),
    "clv": _Definition(("clv",), clv_rows),
    "brier_score": _Definition(("probability", "outcome"), brier_score_rows),
}

DEGRADED: Final = "degraded"
OK: Final = "ok"
INSUFFICIENT: Final = "insufficient evidence"


@dataclass(frozen=True)
class LiveMetric:
    """One metric in use against its reference.

    Attributes:
        live: Its value over all live rows.
        low: Lower end of its interval.
        reference: What it is compared with, tolerance included.
        rows: Live rows that it rests on.
        days: Days that they lie on.
        verdict: ``degraded``, ``ok`` or ``insufficient evidence``.
    """

    metric: str
    live: float
    low: float
    high: float
    reference: float
    rows: int
    days: int
    verdict: str


@dataclass(frozen=True)
class DegradationReport:
    """What live results say of a version; truthy when it has degraded.

    Attributes:
        against: What the references are: ``validation`` or ``gates``.
        confidence: Of all intervals together.
        metrics: One entry per metric.
    """

    model_name: str
    version: int
    against: str
    confidence: float
    metrics: tuple[LiveMetric, ...]

    @property
    def degraded(self) -> bool:
        """Whether any metric has degraded."""
        return any(entry.verdict == DEGRADED for entry in self.metrics)

    def __bool__(self) -> bool:
        """Whether any metric has degraded."""
        return self.degraded

    @property
    def summary(self) -> str:
        """One line for people."""
        worse = [entry for entry in self.metrics if entry.verdict == DEGRADED]
        if worse:
            return "degraded: " + "; ".join(
                f"{e.metric} {e.live:.4g} [{e.low:.4g}, {e.high:.4g}] against {e.reference:.4g}" for e in worse
            )
        short = [entry.metric for entry in self.metrics if entry.verdict == INSUFFICIENT]
        return f"insufficient evidence: {', '.join(short)}" if len(short) == len(self.metrics) else "ok"

    def frame(self) -> pd.DataFrame:
        """One row per metric."""
        import pandas as pd

        return pd.DataFrame([entry.__dict__ for entry in self.metrics], columns=list(LiveMetric.__dataclass_fields__))

    def _repr_html_(self) -> str:
        """The report in a notebook."""
        about = f"<b>{escape(self.model_name)} version {self.version}, against {escape(self.against)}</b>"
        return f"<p>{about}<br>{escape(self.summary)}</p>{html_table(self.frame())}"


def _numbers(live: pd.DataFrame, name: str) -> pd.Series:
    """A column of live results as numbers; TrackingError where it holds something else."""
    try:
        return live[name].astype("float64")
    except (TypeError, ValueError) as error:
        message = f"The column {name} of the live results must hold numbers ({error})."
        raise TrackingError(message) from error


def _check_values(live: pd.DataFrame) -> None:
    """Refuse what no settled bet or prediction can be: one percentage taken for a probability must not cost a model.

    Raises:
        TrackingError: A value is infinite or outside its range; the message names the column and the first row.
    """
    for name in sorted({name for known in _DEFINITIONS.values() for name in known.columns} & set(live.columns)):
        values = _numbers(live, name)
        wanted, fine = "finite", ~np.isinf(values)
        if name == "probability":
            wanted, fine = "between 0 and 1", values.between(0, 1)
        elif name == "outcome":
            wanted, fine = "0 or 1 (missing for a push)", values.isin([0, 1])
        elif name == "stake":
            wanted, fine = "finite and not below 0", values.ge(0) & ~np.isinf(values)
        wrong = values[~fine & values.notna()]
        if len(wrong):
            message = (
                f"The column {name} of the live results must be {wanted}; {len(wrong):,} of {len(values):,} rows are "
                f"not, the first is {wrong.iloc[0]:g} in row {wrong.index[0]}."
            )
            raise TrackingError(message)


def days_of(live: pd.DataFrame) -> pd.Series:
    """The day of each row: games of one night start at several hours and are still one night."""
    import pandas as pd

    dates = pd.to_datetime(live["game_date"], errors="coerce", format="ISO8601")
    if dates.isna().any():
        wrong = live.loc[dates.isna(), "game_date"].iloc[0]
        message = (
            f"game_date must hold dates in every row; {int(dates.isna().sum())} hold none, the first is {wrong!r}."
        )
        raise TrackingError(message)
    return dates.dt.normalize()


def daily_sums(live: pd.DataFrame, metric: str) -> tuple[Floats, Floats, int]:
    """Return numerator and denominator of `metric` summed by ``game_date``, and the number of rows used.

    Rows with a missing value are left out; days without a usable row too.

    >>> import pandas as pd
    >>> live = pd.DataFrame({"game_date": ["2025-01-01"] * 3, "profit": [0.9, -1.0, 0.0], "stake": 1.0})
    >>> top, bottom, rows = daily_sums(live, "win_rate")
    >>> top.tolist(), bottom.tolist(), rows
    ([1.0], [2.0], 2)
    """
    definition = _DEFINITIONS[metric]
    top, bottom = definition.rows(*(_numbers(live, name).to_numpy() for name in definition.columns))
    used = bottom > 0
    _, (tops, bottoms) = night_sums(days_of(live).to_numpy()[used], top[used], bottom[used])
    return tops, bottoms, int(used.sum())


def check_live(
    live: pd.DataFrame,
    references: Mapping[str, float],
    *,
    confidence: float = 0.95,
    min_days: int = 20,
    seed: int = 0,
) -> tuple[LiveMetric, ...]:
    """Compare live results with references.

    >>> import pandas as pd
    >>> nights = pd.date_range("2025-01-01", periods=40)
    >>> live = pd.DataFrame({"game_date": nights, "actual": 30.0, "predicted": 24.0})
    >>> [(entry.metric, entry.live, entry.verdict) for entry in check_live(live, {"val_mae": 5.0})]
    [('val_mae', 6.0, 'degraded')]

    Args:
        live: One row per settled prediction or bet: ``game_date`` and the columns of the metrics (``actual`` and
            ``predicted``; ``profit`` and ``stake``; ``outcome`` and ``probability``; ``clv``).
        references: Metric to the value that it must not be worse than.
        confidence: Chance that none of the intervals misses its true value (Bonferroni over the metrics).
        min_days: With fewer days the answer is ``insufficient evidence``, whatever they show.
        seed: Seed of the resampling.

    Raises:
        TrackingError: There is no ``game_date``, no metric can be computed from the columns, a value is impossible (a
            probability of 55, an outcome of 2, an infinite profit), or a setting is.
    """
    if not 0.5 <= confidence < 1 or min_days < 2:
        message = "confidence must be at least 0.5 and below 1, and min_days at least 2."
        raise TrackingError(message)
    require_frame("Live results", live)
    if "game_date" not in live:
        message = f"Live results need a column game_date; they have: {', '.join(map(str, live.columns))}."
        raise TrackingError(message)
    _check_values(live)
    usable = [
        metric
        for metric, reference in references.items()
        if metric in _DEFINITIONS
        and math.isfinite(reference)
        and set(_DEFINITIONS[metric].columns) <= set(live.columns)
    ]
    if not usable:
        wanted = "; ".join(f"{metric}: {', '.join(known.columns)}" for metric, known in _DEFINITIONS.items())
        message = f"No metric with a reference can be computed from the live results. Columns needed: {wanted}."
        raise TrackingError(message)
    level = 1 - (1 - confidence) / len(usable)
    return tuple(_judge(live, metric, references[metric], level, min_days, seed) for metric in usable)


def check_version(
    records: RegistryStore,
    name: str,
    live: pd.DataFrame,
    version: int | str | None,
    *,
    against: str,
    thresholds: Callable[[VersionState], Mapping[str, float]],
    tolerance: float,
    **options: AnyValue,
) -> DegradationReport:
    """Compare live results with a version's validation, or with its `thresholds` (metric to number).

    Arguments and errors are those of `ModelRegistry.check_degradation`.
    """
    record = records.state(name).find(version)
    if against == "gates":
        references = thresholds(record)
    else:
        at_least("tolerance", tolerance, 0)
        if against != "validation":
            message = f"Live results are compared with 'validation' or 'gates', not {against!r}."
            raise TrackingError(message)
        references = with_tolerance(records.run_metrics(record), tolerance)
    metrics = check_live(live, references, **options)
    return DegradationReport(name, record.version, against, options.get("confidence", 0.95), metrics)


def with_tolerance(metrics: Mapping[str, float], tolerance: float) -> dict[str, float]:
    """Return metrics as references that an error may exceed by the share `tolerance`.

    >>> with_tolerance({"val_mae": 4.0, "roi": 0.02}, 0.05)
    {'val_mae': 4.2, 'roi': 0.02}
    """
    return {name: value * (1 + tolerance) if direction(name) == "min" else value for name, value in metrics.items()}


def _judge(live: pd.DataFrame, metric: str, reference: float, level: float, min_days: int, seed: int) -> LiveMetric:
    top, bottom, rows = daily_sums(live, metric)
    value = float(top.sum()) / float(bottom.sum()) if top.size else math.nan
    if top.size < min_days:
        return LiveMetric(metric, value, math.nan, math.nan, reference, rows, top.size, INSUFFICIENT)
    interval = ratio_interval(top, bottom, resamples=_RESAMPLES, level=level, seed=seed)
    assert interval is not None, "every day kept has a denominator above zero"  # noqa: S101
    low, high = interval.low, interval.high
    worse = low > reference if resolve_direction(metric) == "min" else high < reference
    return LiveMetric(metric, value, low, high, reference, rows, top.size, DEGRADED if worse else OK)
