"""Plots of an evaluated market, each drawn only when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_integration.logging import figures
from nba_props import plots
from nba_props.betting.tables import edge_table, equity_fan, equity_table, reliability_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast import Estimator

    Figures = dict[str, Callable[[], Figure]]


_SCORES = ("brier_score", "market_brier_score", "calibration_error", "calibration_error_null")
_RAW_SCORES = ("brier_score_uncalibrated", "calibration_error_uncalibrated")


def market_figures(
    evaluation: MarketEvaluation, estimator: Estimator, *, title: str, simulated: bool, seed: int
) -> Figures:
    """File name to the function that draws it; plots that need lines or bets are absent where there are none."""
    return (
        _model_figures(evaluation, estimator, title, simulated=simulated)
        | _line_figures(evaluation, title, simulated=simulated, seed=seed)
        | _bet_figures(evaluation, title, simulated=simulated, seed=seed)
    )


def _model_figures(evaluation: MarketEvaluation, estimator: Estimator, title: str, *, simulated: bool) -> Figures:
    predictions = evaluation.predictions
    importances = {str(name): float(share) for name, share in estimator.importances().items()}
    marked = f"{title} (SIMULATED)" if simulated else title
    history = evaluation.fold_metrics["val_mae_fold"]
    baseline = {"best naive forecast": evaluation.metrics["baseline_mae"]}
    pit = evaluation.pit
    drawn: Figures = {}
    if pit is not None:
        drawn["pit_histogram.png"] = lambda: plots.pit_histogram(
            pit, title=f"{title}: PIT, {evaluation.distribution}", simulated=simulated
        )
    return drawn | {
        "feature_importance.png": lambda: figures.feature_importance(importances, title=f"{marked}: gain"),
        "residuals_analysis.png": lambda: figures.residuals(
            predictions["actual"], predictions["predicted"], title=f"{marked}: residuals"
        ),
        "fold_history.png": lambda: plots.fold_history(
            history, references=baseline, title=f"{title}: MAE by fold", simulated=simulated
        ),
    }


def _line_figures(evaluation: MarketEvaluation, title: str, *, simulated: bool, seed: int) -> Figures:
    scored = evaluation.scored_props()
    if scored.empty:
        return {}
    chance, over = scored["chance"].to_numpy(), scored["over"].to_numpy()
    raw = evaluation.scored_props(calibrated=False)["chance"].to_numpy()
    scores = {name: evaluation.metrics[name] for name in _SCORES if name in evaluation.metrics}
    marked = f"{title} (SIMULATED)" if simulated else title
    before: Figures = {
        "calibration_curve_before.png": lambda: plots.reliability_diagram(
            reliability_table(raw, over, seed=seed),
            raw,
            scores={name: evaluation.metrics[name] for name in _RAW_SCORES},
            title=f"{title}: reliability before calibration",
            simulated=simulated,
        )
    }
    return (before if (raw != chance).any() else {}) | {
        "calibration_curve.png": lambda: plots.reliability_diagram(
            reliability_table(chance, over, seed=seed),
            chance,
            scores=scores,
            title=f"{title}: reliability of P(over)",
            simulated=simulated,
        ),
        "confusion_matrix.png": lambda: figures.confusion_matrix(
            over.astype("int64"), (chance > 0.5).astype("int64"), title=f"{marked}: side"
        ),
    }


def _bet_figures(evaluation: MarketEvaluation, title: str, *, simulated: bool, seed: int) -> Figures:
    ledger = evaluation.ledger
    if ledger.empty:
        return {}
    drawn: Figures = {
        "equity_curve.png": lambda: plots.equity_curve(
            equity_table(ledger), equity_fan(ledger, seed=seed), title=f"{title}: bankroll", simulated=simulated
        ),
        "edge_buckets.png": lambda: plots.edge_buckets(
            edge_table(ledger, seed=seed), title=f"{title}: edge claimed and realised", simulated=simulated
        ),
    }
    if ledger["clv"].notna().any():
        drawn["clv_distribution.png"] = lambda: plots.clv_distribution(
            _settled(ledger)["clv"],
            coverage=evaluation.metrics["clv_coverage"],
            title=f"{title}: closing line value",
            simulated=simulated,
        )
    return drawn


def _settled(ledger: pd.DataFrame) -> pd.DataFrame:
    return ledger[ledger["result"] != "void"]
