"""Probabilities at every line of a market: one distribution per player-game, calibrated where its consensus line is.

The calibrator (or the blend with the market) says what P(over) at the consensus line should be; the location at which
the player-game's distribution says the same is then what every other line and price is read from. So a line one point
worse is as much worse as results are spread, and no edge comes from a curve that is flat in the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from nba_props.arrays import Floats
from nba_props.betting import consensus, decision_quotes, results_of
from nba_props.betting.market.implied import ImpliedSigma, implied_lines
from nba_props.config import MARKET_BLEND, TrainerConfig
from nba_props.errors import NotEnoughDataError
from nba_props.metrics.definitions import given_no_push
from nba_props.probability import CALIBRATORS, walk_forward_calibration
from nba_props.probability.blend import MarketBlend, walk_forward_blend
from nba_props.probability.by_fold import Distributions, FoldDistributions
from nba_props.probability.calibrators import over_results
from nba_props.probability.refits import refits
from nba_props.probability.spread import scale_scores, walk_forward_scale

_KEY: Final = ["game_id", "player_id"]


@dataclass(frozen=True)
class Pricing:
    """What the model and the market say about every prop.

    Attributes:
        distributions: The distribution of each fold.
        lines: One row per prop with a consensus line at decision time, ``actual`` included; ``role`` of its fold
            (missing without a forecast), ``market_p_over``, ``implied_line``, ``p_over``, ``p_push``, ``p_under``
            (NaN: no forecast, or nothing was learned yet), ``chance_uncalibrated`` (P(over | no push) before
            calibration), ``uncalibrated`` (a prop that will be priced once enough is settled), ``location``,
            ``scale``, ``anchor``.
        blend_weights: Weekly weights of the market blend (`walk_forward_blend`); None for other models.
        scores: What the scales were learned from (`scale_scores`), a row per row of `lines`; None where nothing is
            calibrated.
    """

    distributions: FoldDistributions
    lines: pd.DataFrame
    blend_weights: pd.DataFrame | None
    scores: Floats | None = None

    def at(self, quotes: pd.DataFrame) -> pd.DataFrame:
        """Probabilities (`FoldDistributions.at`) of quotes at any line, from the calibrated distribution of each prop.

        Args:
            quotes: ``game_id``, ``player_id``, ``line`` and anything else, n rows; NaN for props that are not in
                `lines`.
        """
        moved = ["location", "scale", "anchor"]
        found = quotes[_KEY].merge(self.lines[[*_KEY, *moved]], how="left", on=_KEY, validate="m:1")
        located = quotes.assign(**{name: found[name].to_numpy() for name in moved})
        return self.distributions.at(located).drop(columns=moved)

    def projections(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """`predictions` with the blended forecast as ``predicted``, and the model's own as ``predicted_model``.

        The projection starts at the implied line and moves as far as the location of the distribution has moved from
        where the market puts it. Rows without a two-sided price keep the model's forecast.
        """
        lines = self.lines[self.lines["implied_line"].notna()]
        blended = lines[_KEY].assign(blended=blended_projections(self.distributions, lines))
        found = predictions[_KEY].merge(blended, how="left", on=_KEY, validate="1:1")["blended"].to_numpy()
        own = predictions["predicted"]
        return predictions.assign(predicted=np.where(np.isnan(found), own, found), predicted_model=own)


def price_market(
    good: pd.DataFrame, line_quotes: pd.DataFrame, results: pd.DataFrame, distributions: FoldDistributions,
    config: TrainerConfig,
) -> Pricing:  # fmt: skip
    """Calibrate the distribution of every prop with what was settled in earlier weeks.

    Args:
        good: Quotes that may be bet.
        line_quotes: Those, and the quotes of which only the line counts.
        results: One row per prop.
        distributions: The distribution of each fold.
        config: The run's settings.
    """
    lines = distributions.at(consensus(decision_quotes(line_quotes, config.decision)))
    lines = lines.assign(actual=results_of(lines, results))
    offered = decision_quotes(good, config.decision)
    lines["implied_line"] = walk_forward_implied(offered, lines, config.market)
    raw, weights = given_no_push(lines), None
    over = over_results(lines["actual"], lines["line"])
    if config.model == MARKET_BLEND:
        chance, weights = walk_forward_blend(raw, lines["market_p_over"], over, lines["game_date"])
    elif config.calibrator == "none":
        chance = raw
    else:
        chance = walk_forward_calibration(raw, over, lines["game_date"], CALIBRATORS[config.calibrator])
    priceable = lines["market_p_over"].notna() if config.model == MARKET_BLEND else True
    waiting = ~np.isnan(raw) & np.isnan(chance) & priceable
    lines = lines.assign(chance_uncalibrated=raw, uncalibrated=waiting, anchor=lines["line"], scale=1.0)
    lines["location"], scores = distributions.locate(lines, chance), None
    if config.model == MARKET_BLEND or config.calibrator != "none":
        scores = scale_scores(distributions, lines, lines["actual"])
        lines["scale"] = walk_forward_scale(scores, lines["game_date"])
        lines["location"] = distributions.locate(lines, chance)
    return Pricing(distributions, distributions.at(lines), weights, scores)


def blended_projections(distributions: Distributions, lines: pd.DataFrame) -> Floats:
    """The implied line, moved as far as the location has moved from where the market puts it; n, NaN without a price.

    Args:
        distributions: The distributions of the player-games.
        lines: ``line``, ``implied_line``, ``market_p_over``, ``location``, ``scale``, ``anchor`` and what
            `Distributions.at` needs; n rows.
    """
    start = distributions.locate(lines, lines["market_p_over"])
    moved = (lines["location"] - start).fillna(0.0)
    found: Floats = (lines["implied_line"] + moved).to_numpy(dtype="float64")
    return found


def walk_forward_implied(
    quotes: pd.DataFrame, props: pd.DataFrame, market: str, *, settled: pd.DataFrame | None = None
) -> Floats:
    """The price-implied line of each prop, with a sigma learned on props of earlier weeks.

    >>> prop = {"game_id": ["g"], "player_id": [7], "market": ["pts"], "game_date": pd.Timestamp("2024-01-05")}
    >>> quotes = pd.DataFrame({**prop, "bookmaker": "A", "line": 20.5, "over_price": -110.0, "under_price": -110.0})
    >>> props = quotes[list(prop)].assign(line=20.5, actual=25.0)
    >>> walk_forward_implied(quotes, props, "pts").round(2).tolist()  # even prices: the line itself
    [20.5]

    Args:
        quotes: One row per book of each prop, flagged ones out.
        props: One row per prop of the market, n: ``game_id``, ``player_id``, ``market``, ``game_date``, ``line``,
            ``actual``.
        market: Market key.
        settled: ``game_date``, ``line`` and ``actual`` of the props that sigma is learned on; `props` by default.

    Returns:
        n lines, stat units; NaN where no book has two prices.
    """
    sigma = np.full((len(props), 2), np.nan)
    known = props if settled is None else settled
    line, actual = (known[name].to_numpy(dtype="float64") for name in ("line", "actual"))
    for past, now in refits(known["game_date"], props["game_date"]):
        learned = ImpliedSigma.fit(line[past], actual[past], market)
        sigma[now] = learned.intercept, learned.slope
    table = props[_KEY].assign(intercept=sigma[:, 0], slope=sigma[:, 1])
    offered = quotes[_KEY].merge(table, how="left", on=_KEY, validate="m:1")
    at = offered["intercept"].to_numpy() + offered["slope"].to_numpy() * quotes["line"].to_numpy(dtype="float64")
    implied = implied_lines(quotes, at)
    found: Floats = props[_KEY].merge(implied, how="left", on=_KEY, validate="1:1")["implied_line"].to_numpy()
    return found


def final_blend(lines: pd.DataFrame) -> MarketBlend:
    """The blend learned from all settled props of `Pricing.lines`, for tomorrow's card; weight 0 if too few."""
    over = over_results(lines["actual"], lines["line"])
    try:
        return MarketBlend.fit(lines["chance_uncalibrated"], lines["market_p_over"], over)
    except NotEnoughDataError:
        return MarketBlend()
