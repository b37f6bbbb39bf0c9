"""The plots of an evaluated market: what is in the registry, drawn with what was evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nba_props import plots
from nba_props.betting.tables import edge_table, equity_fan, equity_table
from nba_props.metrics.tables import reliability_table
from nba_props.plots import PLOTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast import Estimator
    from nba_props.plots import About

_SCORES = ("brier_score", "market_brier_score", "calibration_error", "calibration_error_null")
_RAW_SCORES = ("brier_score_uncalibrated", "calibration_error_uncalibrated")


def market_figures(evaluation: MarketEvaluation, estimator: Estimator, about: About) -> dict[str, Figure]:
    """File name -> figure of every plot in `PLOTS` that has something to draw; errors name the plot."""
    figures = {}
    for name, draw in PLOTS.items():
        try:
            figure = draw(evaluation, estimator, about)
        except Exception as error:
            error.add_note(f"Raised while the plot {name!r} was drawn.")
            raise
        if figure is not None:
            figures[f"{name}.png"] = figure
    return figures


def _pit_histogram(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    if evaluation.pit is None:
        return None
    title = f"{about.title}: PIT, {evaluation.distribution}"
    return plots.pit_histogram(evaluation.pit, title=title, simulated=about.simulated)


def _feature_importance(_: MarketEvaluation, estimator: Estimator, about: About) -> Figure:
    shares = {str(name): float(share) for name, share in estimator.importances().items()}
    return plots.feature_importance(shares, title=f"{about.title}: gain", simulated=about.simulated)


def _reasons(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    if evaluation.contributions is None:
        return None
    parts = evaluation.contributions.drop(columns=["game_id", "player_id"])
    title = f"{about.title}: what moves the forecasts of lined props"
    return plots.reasons({name: parts[name].to_numpy() for name in parts}, title=title, simulated=about.simulated)


def _residuals(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure:
    rows = evaluation.predictions
    title = f"{about.title}: residuals"
    return plots.residuals(rows["actual"], rows["predicted"], title=title, simulated=about.simulated)


def _fold_history(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure:
    return plots.fold_history(
        evaluation.fold_metrics["val_mae_fold"],
        references={"best naive forecast": evaluation.metrics["baseline_mae"]},
        title=f"{about.title}: MAE by fold",
        simulated=about.simulated,
    )


def _reliability(evaluation: MarketEvaluation, about: About, *, calibrated: bool) -> Figure:
    scored = evaluation.scored_props(calibrated=calibrated)
    scores = {key: evaluation.metrics.get(key) for key in (_SCORES if calibrated else _RAW_SCORES)}
    return plots.reliability_diagram(
        reliability_table(scored["chance"], scored["over"], seed=about.seed),
        scored["chance"],
        scores={key: value for key, value in scores.items() if value is not None},
        title=f"{about.title}: reliability {'of P(over)' if calibrated else 'before calibration'}",
        simulated=about.simulated,
    )


def _calibration_curve(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    return None if evaluation.scored_props().empty else _reliability(evaluation, about, calibrated=True)


def _calibration_curve_before(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    before, after = (evaluation.scored_props(calibrated=calibrated)["chance"] for calibrated in (False, True))
    return None if before.equals(after) else _reliability(evaluation, about, calibrated=False)


def _confusion_matrix(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    scored = evaluation.scored_props()
    if scored.empty:
        return None
    title = f"{about.title}: side"
    return plots.confusion_matrix(scored["over"], scored["chance"] > 0.5, title=title, simulated=about.simulated)


def _equity_curve(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    ledger = evaluation.ledger
    if ledger.empty:
        return None
    fan = equity_fan(ledger, seed=about.seed)
    title = f"{about.title}: bankroll"
    return plots.equity_curve(equity_table(ledger), fan, title=title, simulated=about.simulated)


def _edge_buckets(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    if evaluation.ledger.empty:
        return None
    title = f"{about.title}: edge claimed and realised"
    return plots.edge_buckets(edge_table(evaluation.ledger, seed=about.seed), title=title, simulated=about.simulated)


def _clv_distribution(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    ledger = evaluation.ledger
    if not ledger["clv"].notna().any():
        return None
    return plots.clv_distribution(
        ledger.loc[ledger["result"] != "void", "clv"],
        coverage=evaluation.metrics["clv_coverage"],
        title=f"{about.title}: closing line value",
        simulated=about.simulated,
    )


for _name, _plot in {
    "pit_histogram": _pit_histogram,
    "feature_importance": _feature_importance,
    "reasons": _reasons,
    "residuals_analysis": _residuals,
    "fold_history": _fold_history,
    "calibration_curve_before": _calibration_curve_before,
    "calibration_curve": _calibration_curve,
    "confusion_matrix": _confusion_matrix,
    "equity_curve": _equity_curve,
    "edge_buckets": _edge_buckets,
    "clv_distribution": _clv_distribution,
}.items():
    PLOTS.add(_name, _plot)
