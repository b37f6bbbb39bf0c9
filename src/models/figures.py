"""The plots of an evaluated market: what is in the registry, drawn with what was evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from models.intervals import interval_text
from nba_props import plots
from nba_props.betting.tables import edge_table, equity_fan, equity_table
from nba_props.evaluation.regression import best_naive
from nba_props.features import catalogue
from nba_props.metrics.tables import reliability_table
from nba_props.plots import PLOTS, Reliability
from nba_props.plots.style import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast import Estimator
    from nba_props.plots import About

_SCORES: Final = ("brier_score", "market_brier_score", "calibration_error", "calibration_error_null")
_RAW_SCORES: Final = ("brier_score_uncalibrated", "calibration_error_uncalibrated")


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


def fold_table(evaluation: MarketEvaluation) -> pd.DataFrame:
    """One row per test fold: ``start`` (first date), ``rows``, ``baseline``, ``market``, ``on_lines``.

    ``baseline`` is the error of the forecaster that is the best naive one over all folds; ``market`` that of the
    closing line on the rows that have one (NaN without any), ``on_lines`` that of the model on the same rows.
    """
    rows = evaluation.predictions
    forecasts = {"baseline": best_naive(rows), "market": "closing_line", "on_lines": "predicted"}
    errors = pd.DataFrame({key: (rows[name] - rows["actual"]).abs() for key, name in forecasts.items()})
    errors["on_lines"] = errors["on_lines"].where(errors["market"].notna())
    by_fold = errors.groupby(rows["fold"])
    means = by_fold.mean().sort_index()
    dates = rows.groupby("fold")["game_date"]
    return means.assign(start=dates.min(), rows=dates.size()).reset_index()


def bet_paths(ledger: pd.DataFrame) -> pd.DataFrame:
    """What the bets were expected to win, by night: ``game_date``, ``claimed``, ``zero_edge`` (units of bankroll).

    ``claimed`` adds the model's expected profit of each bet, ``zero_edge`` that of the same bet at the market's own
    no-vig probability: minus the margin, or a little more where the best of several prices was taken.
    """
    settled = ledger[ledger["result"] != "void"]
    win = 1.0 - settled["p_push"]
    fair = win * (settled["q"] * settled["decimal_odds"] - 1.0)
    expected = pd.DataFrame({"claimed": settled["ev"] * settled["stake"], "zero_edge": fair * settled["stake"]})
    nightly = expected.groupby(settled["game_date"]).sum().cumsum()
    start = float(equity_table(ledger)["bankroll"].iloc[0])
    return (nightly + start).reset_index()


def _pit_histogram(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    if evaluation.pit is None:
        return None
    title = f"{about.title}: are the distributions calibrated? ({evaluation.distribution.replace('_', ' ')})"
    return plots.pit_histogram(evaluation.pit, title=title, simulated=about.simulated)


def _feature_importance(evaluation: MarketEvaluation, estimator: Estimator, about: About) -> Figure:
    shares = {str(name): float(share) for name, share in estimator.importances().items()}
    return plots.feature_importance(
        shares,
        groups={feature.name: feature.group for feature in catalogue()},
        by_fold=evaluation.importances,
        title=f"{about.title}: which features count?",
        simulated=about.simulated,
    )


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
    table = fold_table(evaluation)
    references, told = {"best naive forecast": table["baseline"].to_numpy()}, ""
    if table["market"].notna().any():
        references["closing line, on its rows"] = table["market"].to_numpy()
        references["model, on the same rows"] = table["on_lines"].to_numpy()
        told = "Players with a line play more and are harder to forecast: hold triangles against triangles."
    return plots.fold_history(
        evaluation.fold_metrics["val_mae_fold"],
        references=references,
        starts=table["start"].to_numpy(),
        rows=table["rows"].tolist(),
        told=told,
        title=f"{about.title}: error by fold",
        simulated=about.simulated,
    )


def _reliability(evaluation: MarketEvaluation, about: About, *, calibrated: bool) -> Reliability:
    scored = evaluation.scored_props(calibrated=calibrated)
    scores = {key: evaluation.metrics.get(key) for key in (_SCORES if calibrated else _RAW_SCORES)}
    return Reliability(
        reliability_table(scored["chance"], scored["over"], seed=about.seed),
        scored["chance"],
        {key: value for key, value in scores.items() if value is not None},
        "after calibration" if calibrated else "before calibration",
    )


def _calibration_curve(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    raw, scored = (evaluation.scored_props(calibrated=calibrated)["chance"] for calibrated in (False, True))
    if scored.empty:
        return None
    same = len(raw) == len(scored) and np.allclose(raw, scored, equal_nan=True)  # no calibrator, up to rounding
    after = _reliability(evaluation, about, calibrated=True)
    return plots.reliability_diagram(
        after.table,
        after.probabilities,
        scores=after.scores,
        before=None if same else _reliability(evaluation, about, calibrated=False),
        title=f"{about.title}: is P(over) calibrated?",
        simulated=about.simulated,
    )


def _confusion_matrix(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    scored = evaluation.scored_props()
    if scored.empty:
        return None
    over, market = scored["over"].to_numpy(), scored["market_p_over"].to_numpy(dtype="float64")
    beside = {"always under": float((over == 0).mean())}
    if not np.isnan(market).any():
        beside["the market's favourite"] = float(((market > 0.5) == over).mean())
    return plots.confusion_matrix(
        over,
        scored["chance"] > 0.5,
        beside=beside,
        title=f"{about.title}: which side?",
        simulated=about.simulated,
    )


def bankroll(
    ledger: pd.DataFrame,
    metrics: Mapping[str, float],
    about: About,
    *,
    learning: tuple[pd.Timestamp, pd.Timestamp] | None = None,
) -> Figure:
    """The bankroll of a ledger, with what it was expected to win, and its return in words.

    Args:
        ledger: Bets in time order (docs/contract.md).
        metrics: Numbers of the same bets.
        about: How the title begins, and whether the figure is stamped.
        learning: As for `nba_props.plots.equity_curve`.
    """
    return plots.equity_curve(
        equity_table(ledger),
        equity_fan(ledger, seed=about.seed),
        paths=bet_paths(ledger) if len(ledger) else None,
        summary=_returned(metrics, ledger),
        learning=learning,
        title=f"{about.title}: bankroll",
        simulated=about.simulated,
    )


def _returned(metrics: Mapping[str, float], ledger: pd.DataFrame) -> str:
    """Return, interval, bets and stakes in one sentence.

    >>> bets = pd.DataFrame({"result": ["won", "lost", "push"], "stake": 2.0})
    >>> _returned({"roi": 0.021, "roi_ci_low": -0.03, "roi_ci_high": 0.07}, bets)
    'Return +2.1% [-3.0%, +7.0%] on 2 bets of 2 units each.'
    """
    stakes = ledger.loc[ledger["result"].isin(["won", "lost"]), "stake"]
    if "roi" not in metrics or stakes.empty:
        return "No bet was won or lost."
    each = f"{stakes.mean():.3g} unit{'' if stakes.mean() == 1.0 else 's'}"
    return f"Return {interval_text(metrics, 'roi', '+.1%')} on {counted(len(stakes), 'bet')} of {each} each."


def _equity_curve(evaluation: MarketEvaluation, _: Estimator, about: About) -> Figure | None:
    if evaluation.ledger.empty:
        return None
    return bankroll(evaluation.ledger, evaluation.metrics, about, learning=_learning(evaluation))


def _learning(evaluation: MarketEvaluation) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First night of the test and first night with calibrated probabilities; None where both are the same."""
    first, scored = evaluation.predictions["game_date"].min(), evaluation.scored_props()["game_date"].min()
    return (first, scored) if evaluation.metrics.get("n_uncalibrated") and first < scored else None


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
    "calibration_curve": _calibration_curve,
    "confusion_matrix": _confusion_matrix,
    "equity_curve": _equity_curve,
    "edge_buckets": _edge_buckets,
    "clv_distribution": _clv_distribution,
}.items():
    PLOTS.add(_name, _plot)
