"""From out-of-sample forecasts and quotes to every number of one market, computed once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from nba_props.betting import (
    BettingConfig,
    StakeConfig,
    betting_intervals,
    betting_metrics,
    brier_skill_interval,
    closing_quotes,
    consensus,
    decision_quotes,
    evidence_metrics,
    flag_quotes,
    kelly_metrics,
    quality_report,
    results_of,
    run_backtest,
    split_results,
)
from nba_props.config import MARKET_BLEND, TrainerConfig
from nba_props.errors import NotEnoughDataError
from nba_props.evaluation.paired import gains_vs_market
from nba_props.evaluation.pricing import Pricing, final_blend, price_market, walk_forward_implied
from nba_props.evaluation.regression import fold_mae, segment_metrics, validation_metrics
from nba_props.evaluation.running import running_metrics
from nba_props.evaluation.timing import closes_by_night, timing_metrics
from nba_props.forecast.parallel import one_blas_thread
from nba_props.forecast.walk_forward import WalkForwardResult
from nba_props.metrics import extra_metrics
from nba_props.metrics.definitions import brier_score, calibration_error, log_loss, mae
from nba_props.probability.by_fold import PROBABILITIES, FoldDistributions
from nba_props.probability.scores import probability_metrics

_LINE_ONLY: Final = ("pickem_constant", "one_sided")
"""Reason codes of quotes whose line can be used though their prices cannot."""

_KEY: Final = ["game_id", "player_id"]
_TIME: Final = "training_time"


@dataclass(frozen=True)
class MarketEvaluation:
    """Every table and number of one evaluated market.

    Attributes:
        predictions: Test-fold predictions (docs/contract.md) with, where the prop had a line at decision time,
            ``line``, ``p_over``, ``p_push``, ``p_under``, ``market_p_over`` and ``implied_line``.
        ledger: One row per bet of flat stakes, in time order; empty without lines that can be bet.
        kelly_ledger: The same bets with fractional-Kelly stakes.
        folds: One row per fold.
        closes: Per night, what is known of the closes of the props that could be bet (`closes_by_night`).
        quality: Quotes left out, by reason, book and month.
        priced: Priced quotes: those on offer at decision time with the model's probabilities and their ``fold``.
        results: One row per prop with its result: what bets are settled by.
        closing: Good quotes of all moments, from which each bet's close is taken.
        pit: PIT histogram of the residual distribution; None where it cannot be fitted.
        distribution: Name of the residual distribution.
        distribution_scores: What it was chosen by; None where the settings named it.
        contributions: Part of each family of features in the forecasts with a line; None where the model has none.
        pricing: Distributions and consensus lines of all folds, from which any line is priced.
        metrics: Metric key (docs/metrics.md) to value; what cannot be computed is absent.
        fold_metrics: Metric key to its history: per test fold, per betting night, or per tree.
        importances: A row per test fold, a column per feature: shares of the total; None where there are none.
    """

    predictions: pd.DataFrame
    ledger: pd.DataFrame
    kelly_ledger: pd.DataFrame
    folds: pd.DataFrame
    closes: pd.DataFrame
    quality: pd.DataFrame
    priced: pd.DataFrame
    results: pd.DataFrame
    closing: pd.DataFrame
    pit: pd.DataFrame | None
    distribution: str
    distribution_scores: pd.DataFrame | None
    contributions: pd.DataFrame | None
    pricing: Pricing
    metrics: dict[str, float]
    fold_metrics: dict[str, list[float]]
    importances: pd.DataFrame | None = None

    def scored_props(self, *, calibrated: bool = True) -> pd.DataFrame:
        """The predictions whose probabilities are scored, with ``chance`` (P(over | no push)) and ``over`` (0 or 1).

        ``chance`` is the calibrator's, or the one before it.
        """
        return _scored(self.predictions, calibrated=calibrated)


@one_blas_thread()
def evaluate_market(
    result: WalkForwardResult, quotes: pd.DataFrame, config: TrainerConfig, *, n_trials: int = 1
) -> MarketEvaluation:
    """Compute everything that the forecasts of one market are worth.

    Args:
        result: Of `walk_forward`, its predictions in the columns of docs/contract.md.
        quotes: Quotes of the market (docs/contract.md); may be empty, then there are no betting numbers.
        config: The run's settings.
        n_trials: Runs tried so far on this market, this one included: what the Sharpe ratio is deflated by.

    Raises:
        DataError: The quotes lack a column or hold an impossible price.
        NotEnoughDataError: Too few earlier predictions to fit a distribution on.
    """
    predictions = result.predictions[result.predictions["role"] == "test"].reset_index(drop=True)
    quotes, results = split_results(quotes)
    reasons = flag_quotes(quotes)
    good, lined = quotes[reasons == ""].reset_index(drop=True), line_quotes(quotes, reasons)
    distributions = FoldDistributions(result, config.distribution)
    window = config.close_window_minutes
    pricing = price_market(good, lined, results, distributions, config)
    priced = pricing.at(decision_quotes(good, config.decision))
    priced = priced[priced["role"] == "test"].reset_index(drop=True)
    if config.model == MARKET_BLEND:
        predictions = pricing.projections(predictions)
    predictions = _with_lines(predictions, pricing.lines, good, lined, results, config)
    nights = closes_by_night(priced, good, window)
    bets = run_backtest(priced, results, _strategies(config), closing=good, close_window_minutes=window)
    evaluation = MarketEvaluation(
        predictions=predictions,
        ledger=bets["flat"],
        kelly_ledger=bets["kelly"],
        folds=result.folds,
        closes=nights,
        quality=quality_report(quotes, reasons),
        priced=priced,
        results=results,
        closing=good,
        pit=_pit(distributions),
        distribution=distributions.name,
        distribution_scores=distributions.scores,
        contributions=result.contributions,
        pricing=pricing,
        metrics={**result.train_metrics, _TIME: float(result.folds["fit_seconds"].iloc[-1])},
        fold_metrics={
            "val_mae_fold": fold_mae(predictions),
            **running_metrics(predictions, bets["flat"], _scored(predictions, calibrated=True)),
            **result.learning,
        },
        importances=result.importances,
    )
    return replace(evaluation, metrics=evaluation.metrics | _measured(evaluation, config, n_trials))


@one_blas_thread()
def metrics_before(
    evaluation: MarketEvaluation, night: pd.Timestamp, config: TrainerConfig, *, n_trials: int = 1
) -> dict[str, float]:
    """The metrics of an evaluation as they were before a night.

    Whatever is learned or decided for a night comes from nights before it. So they are those of the rows that are left,
    and the same as if nothing later had ever been seen.

    Args:
        evaluation: Of `evaluate_market`.
        night: First night that does not count.
        config: The settings it was made with.
        n_trials: As for `evaluate_market`.

    Returns:
        Metric key to value.
    """

    def early(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["game_date"] < night].reset_index(drop=True)

    earlier = replace(
        evaluation,
        predictions=early(evaluation.predictions),
        ledger=early(evaluation.ledger),
        kelly_ledger=early(evaluation.kelly_ledger),
        closes=early(evaluation.closes),
        priced=early(evaluation.priced),
        closing=early(evaluation.closing),
        pricing=replace(evaluation.pricing, lines=early(evaluation.pricing.lines)),
    )
    of_fit = {key: value for key, value in evaluation.metrics.items() if key.startswith("train_") or key == _TIME}
    return of_fit | _measured(earlier, config, n_trials)


def _measured(evaluation: MarketEvaluation, config: TrainerConfig, n_trials: int) -> dict[str, float]:
    """Everything that is computed from the tables of an evaluation."""
    predictions, lines, good = evaluation.predictions, evaluation.pricing.lines, evaluation.closing
    metrics = {
        **validation_metrics(predictions),
        **segment_metrics(predictions),
        **_line_metrics(predictions, config.seed),
        **_prop_counts(lines, predictions),
    }
    if len(good):  # with lines to bet on, zero bets is a result; without lines there is none
        nights = predictions["game_date"]
        metrics |= _ledger_metrics(evaluation.ledger, evaluation.kelly_ledger, nights, config.seed, n_trials)
        metrics |= timing_metrics(evaluation.priced, good, evaluation.closes)
    if config.model == MARKET_BLEND:
        metrics["blend_weight"] = final_blend(lines).weight
    return metrics | extra_metrics(predictions, evaluation.ledger)


def _ledger_metrics(
    ledger: pd.DataFrame, kelly_ledger: pd.DataFrame, game_nights: pd.Series, seed: int, n_trials: int
) -> dict[str, float]:
    return {
        **betting_metrics(ledger, game_nights=game_nights),
        **betting_intervals(ledger, game_nights=game_nights, seed=seed),
        **kelly_metrics(kelly_ledger, game_nights=game_nights),
        **evidence_metrics(ledger, n_trials=n_trials, seed=seed),
    }


def _pit(distributions: FoldDistributions) -> pd.DataFrame | None:
    try:
        return distributions.pit()
    except NotEnoughDataError:
        return None  # without lines nothing else needs the distribution, and the history may be too short for one


def _strategies(config: TrainerConfig) -> dict[str, BettingConfig]:
    """The same bets with flat and with Kelly stakes."""
    stakes = {"flat": StakeConfig(), "kelly": StakeConfig(kelly=config.kelly_fraction)}
    odds = (1.0, config.max_odds)
    return {
        name: BettingConfig(min_edge=config.min_edge, odds_range=odds, stakes=each) for name, each in stakes.items()
    }


def line_quotes(quotes: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """Quotes whose line counts: the good ones, and, without their prices, pick'em and one-sided ones."""
    line_only = reasons.isin(_LINE_ONLY)
    kept = quotes[(reasons == "") | line_only].copy()
    kept.loc[line_only, ["over_price", "under_price"]] = np.nan
    return kept.reset_index(drop=True)


def lines_at_decision(quotes: pd.DataFrame, config: TrainerConfig) -> pd.DataFrame:
    """The market's forecast of every prop when it is decided: the price-implied line, the line where there is no price.

    Even prices imply the line itself:

    >>> prop = {"game_id": "g", "player_id": 7, "market": "pts", "game_date": pd.Timestamp("2024-01-05")}
    >>> seen = {"observed_at": pd.Timestamp("2024-01-05 20:00", tz="UTC"), "bookmaker": ["A", "B"], "actual": 22.0}
    >>> quotes = pd.DataFrame({**prop, **seen, "line": 20.5, "over_price": -110.0, "under_price": -110.0})
    >>> lines_at_decision(quotes, TrainerConfig(market="pts")).round(2).to_dict("records")
    [{'game_id': 'g', 'player_id': 7, 'implied_line': 20.5}]

    Args:
        quotes: Quotes of the market (docs/contract.md); may be empty.
        config: The run's settings.

    Returns:
        ``game_id``, ``player_id``, ``implied_line`` (stat units), one row per prop. Its sigma comes from props of
        earlier weeks, so nothing settled later moves it.
    """
    quotes, results = split_results(quotes)
    reasons = flag_quotes(quotes)
    lines = consensus(decision_quotes(line_quotes(quotes, reasons), config.decision))
    lines = lines.assign(actual=results_of(lines, results))
    offered = decision_quotes(quotes[reasons == ""].reset_index(drop=True), config.decision)
    implied = pd.Series(walk_forward_implied(offered, lines, config.market), lines.index)
    return lines[_KEY].assign(implied_line=implied.fillna(lines["line"]))


def _with_lines(
    predictions: pd.DataFrame, lines: pd.DataFrame, good: pd.DataFrame, lined: pd.DataFrame,
    results: pd.DataFrame, config: TrainerConfig,
) -> pd.DataFrame:  # fmt: skip
    """Add the consensus line, its probabilities, the market's, and the closing lines where they exist.

    The raw probability is written with the push of the calibrated one, so that both curves are of the same props: those
    before anything was learned have neither.
    """
    raw = (lines["chance_uncalibrated"] * (1.0 - lines["p_push"])).rename("p_over_uncalibrated")
    columns = [*_KEY, "line", "market_p_over", "implied_line", *PROBABILITIES, "chance_uncalibrated"]
    named = lines[columns].join(raw)
    window = config.close_window_minutes
    closing = consensus(closing_quotes(lined, window_minutes=window))
    closing = closing.assign(actual=results_of(closing, results))
    closes = closing_quotes(good, window_minutes=window)
    closing["closing_implied"] = walk_forward_implied(closes, closing, config.market)
    closing = closing.rename(columns={"median_line": "closing_line"})[[*_KEY, "closing_line", "closing_implied"]]
    return predictions.merge(named, how="left", on=_KEY, validate="1:1").merge(
        closing, how="left", on=_KEY, validate="1:1"
    )


def _prop_counts(lines: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, float]:
    """Props of the test dates that have no probability, by the reason."""
    tested = lines["game_date"].between(predictions["game_date"].min(), predictions["game_date"].max())
    rows = lines[tested]
    if rows.empty:
        return {}
    void, forecast = rows["actual"].isna(), rows["chance_uncalibrated"].notna()
    return {
        "n_voids": float(void.sum()),
        "n_no_forecast": float((~void & ~forecast).sum()),
        "n_uncalibrated": float((~void & rows["uncalibrated"]).sum()),
    }


def _line_metrics(predictions: pd.DataFrame, seed: int) -> dict[str, float]:
    """Model and market on the rows that have a line: errors against the closing line, scores of the probabilities.

    The probabilities are of the line at decision time, whose close may be stale or missed.
    """
    metrics = {}
    lined = predictions[predictions["closing_line"].notna()]
    if len(lined):
        metrics = {
            "n_lines": float(len(lined)),
            "line_coverage": len(lined) / len(predictions),
            "market_mae": mae(lined["actual"], lined["closing_line"]),
            "model_mae_on_lines": mae(lined["actual"], lined["predicted"]),
        }
        metrics["mae_skill_vs_market"] = 1.0 - metrics["model_mae_on_lines"] / metrics["market_mae"]
        if lined["closing_implied"].notna().any():
            metrics["market_implied_mae"] = mae(lined["actual"], implied_or_line(lined))
    return metrics | _probability_metrics(predictions, seed)


def implied_or_line(lined: pd.DataFrame) -> pd.Series:
    """The market's forecast at the close (n, stat units): the price-implied line, the line where there is no price.

    >>> implied_or_line(pd.DataFrame({"closing_line": [20.5, 8.5], "closing_implied": [20.1, np.nan]})).tolist()
    [20.1, 8.5]
    """
    return lined["closing_implied"].fillna(lined["closing_line"])


def _probability_metrics(predictions: pd.DataFrame, seed: int) -> dict[str, float]:
    scored = _scored(predictions)
    if scored.empty:
        return {}
    raw = _scored(predictions, calibrated=False)["chance"].to_numpy()
    chance, over, market = (scored[name].to_numpy() for name in ("chance", "over", "market_p_over"))
    has_market = not np.isnan(market).all()
    metrics = probability_metrics(chance, over, market if has_market else None, seed=seed)
    skill = brier_skill_interval(chance, over, market, scored["game_date"], seed=seed) if has_market else None
    if skill is not None:
        metrics["brier_skill_vs_market_ci_low"] = skill.low
        metrics["brier_skill_vs_market_ci_high"] = skill.high
        metrics["brier_skill_vs_market_p_value"] = skill.p_value
    if has_market:
        metrics |= gains_vs_market(chance, over, market, scored["game_date"], seed=seed)
    return metrics | {
        "brier_score_uncalibrated": brier_score(raw, over),
        "log_loss_uncalibrated": log_loss(raw, over),
        "calibration_error_uncalibrated": calibration_error(raw, over),
    }


def _scored(predictions: pd.DataFrame, *, calibrated: bool = True) -> pd.DataFrame:
    """Decided props with a probability.

    Where the market has probabilities too, only those, so that both are scored on the same props.
    """
    decided = predictions[predictions["p_over"].notna() & (predictions["actual"] != predictions["line"])]
    priced = decided[decided["market_p_over"].notna()]
    scored = priced if len(priced) else decided
    p_over = scored["p_over" if calibrated else "p_over_uncalibrated"]
    return scored.assign(
        chance=p_over / (1.0 - scored["p_push"]), over=(scored["actual"] > scored["line"]).astype("float64")
    )
