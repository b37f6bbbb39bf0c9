"""The top of a run's page: its result, its answers, what was changed, its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from models.intervals import interval_text
from nba_props.betting import BettingConfig
from nba_props.betting.candidates import candidate_bets
from nba_props.config import TrainerConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nba_props.evaluation.market import MarketEvaluation

_NOT_TOLD: Final = {"market", "model", "workers", "seed"}


def headline(model: str, market: str, metrics: Mapping[str, float]) -> str:
    """One sentence: the error against the naive forecast, and the bets with their interval.

    >>> headline("linear", "reb", {"val_mae": 2.0, "baseline_mae": 2.5, "n_bets": 0.0})
    'linear errs by 2 in reb, the best naive forecast by 2.5. No bet was made.'
    """
    said = f"{model} errs by {metrics['val_mae']:.4g} in {market}"
    if "baseline_mae" in metrics:
        said += f", the best naive forecast by {metrics['baseline_mae']:.4g}"
    if "n_bets" not in metrics:
        return f"{said}. There are no lines to bet on."
    if not metrics["n_bets"]:
        return f"{said}. No bet was made."
    return f"{said}. ROI {interval_text(metrics, 'roi', '+.1%')} over {metrics['n_bets']:,.0f} bets."


def answers(metrics: Mapping[str, float]) -> list[str]:
    """What the study of a run answers, one line for each question it asked; none for a run without a study.

    >>> found = {"mae_difference": 0.0053, "mae_difference_ci_low": -0.0005, "mae_difference_ci_high": 0.0111}
    >>> answers(found)
    ['mae_difference +0.0053 [-0.0005, +0.0111]: no evidence']
    """
    lines = []
    for name, form in (("mae_difference", "+.4f"), ("brier_difference", "+.5f"), ("chosen_roi", "+.1%")):
        if name in metrics:
            good, bad = ("above zero", "below zero") if name == "chosen_roi" else ("it helps", "it hurts")
            lines.append(f"{name} {interval_text(metrics, name, form)}: {_verdict(metrics, name, good, bad)}")
    if "spa_p_value" in metrics:
        tried = f"{metrics['spa_strategies']:.0f} rules" if "spa_strategies" in metrics else "the rules"
        lines.append(f"one-sided p-value that none of {tried} beats not betting: {metrics['spa_p_value']:.3g}")
    if metrics.get("selection_nogueira", 1.0) < 1.0:  # 1: nothing was chosen from, or always the same
        chosen, stability = metrics["n_selected_mean"], metrics["selection_nogueira"]
        said = f"{chosen:.0f} features chosen on average, stability {stability:.2f} (1: the same in every fold)"
        lines.append(said)
    return lines


def why_no_bet(evaluation: MarketEvaluation, config: TrainerConfig) -> str:
    """Why no bet was made, in one sentence; empty where one was, or where there are no lines."""
    if evaluation.metrics.get("n_bets") != 0:
        return ""
    sides = candidate_bets(evaluation.priced, BettingConfig().vig)
    if sides.empty:
        return "No bet was made: no good price had a forecast (odds_quality.csv says what was left out)."
    edged = sides[sides["edge"] >= config.min_edge]
    valued = edged[edged["ev"] > 0]
    short = valued[valued["decimal_odds"] <= config.max_odds]
    return (
        f"No bet was made: of {len(sides):,} prices with a forecast, {len(edged):,} had an edge of "
        f"{config.min_edge:g} or more, {len(valued):,} of those a positive expected value, and {len(short):,} of those "
        f"odds of {config.max_odds:g} or shorter."
    )


def differences(config: TrainerConfig) -> str:
    """The settings that are not the defaults, as ``key=value``, comma separated."""
    plain = TrainerConfig(market=config.market, model=config.model)
    return ", ".join(f"`{key}={value}`" for key, value in _changed(config.model_dump(), plain.model_dump()))


def _changed(own: Mapping[str, Any], plain: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in own.items():
        if value == plain.get(key) or (not above and key in _NOT_TOLD):
            continue
        if isinstance(value, dict):
            yield from _changed(value, plain.get(key) or {}, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _verdict(metrics: Mapping[str, float], name: str, good: str, bad: str) -> str:
    low, high = metrics.get(f"{name}_ci_low"), metrics.get(f"{name}_ci_high")
    if low is None or high is None:
        return "too few nights to tell"
    return good if low > 0 else bad if high < 0 else "no evidence"
