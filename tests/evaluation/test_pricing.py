"""Every line is read from one distribution; what corrects it has learned from settled props of earlier weeks only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, ndtr, ndtri

from nba_props.betting import consensus, decision_quotes, results_of, split_results
from nba_props.betting.market.prices import decimal_to_american
from nba_props.config import make_config
from nba_props.evaluation.market import evaluate_market
from nba_props.evaluation.pricing import walk_forward_implied
from nba_props.forecast.walk_forward import WalkForwardResult
from nba_props.probability.blend import MarketBlend
from nba_props.probability.by_fold import FoldDistributions

NIGHTS, PLAYERS, TEST_FROM = 90, 40, 30
SPREAD = 6.0
KEY = ["game_id", "player_id"]


def make_season(*, market_misses: float = 0.0, model_misses: float = 3.0, seed: int = 0):
    """A season of results ``truth + Normal(0, 6)``: the model and the books each see the truth with an error of theirs.

    Returns:
        The walk-forward result (three folds of 30 nights, the first one calibration) and quotes of three books.
    """
    rng = np.random.default_rng(seed)
    n = NIGHTS * PLAYERS
    night, player = np.repeat(np.arange(NIGHTS), PLAYERS), np.tile(np.arange(PLAYERS), NIGHTS)
    truth = 16.0 + player / 4.0 + rng.normal(0.0, 3.0, n)
    frame = pd.DataFrame(
        {
            "game_id": [f"{value:010d}" for value in night * 100 + player // 20],
            "game_date": pd.Timestamp("2023-11-01") + pd.to_timedelta(night, unit="D"),
            "season": "2023-24",
            "player_id": player,
            "player_name": "Player",
            "home": player % 2 == 0,
            "is_b2b": False,
            "mean_minutes": 32.0,
            "actual": np.maximum(np.rint(truth + rng.normal(0.0, SPREAD, n)), 0.0),
            "predicted": truth + rng.normal(0.0, model_misses, n),
            "role": np.where(night < TEST_FROM, "calibration", "test"),
            "fold": np.where(night < TEST_FROM, night // 10, (night - TEST_FROM) // 30),
        }
    )
    frame = frame.assign(season_mean=20.0, last_10=20.0, ewma_10=20.0)
    starts = {("calibration", 0): 0, ("calibration", 1): 10, ("calibration", 2): 20, ("test", 0): 30, ("test", 1): 60}
    ends = [pd.Timestamp("2023-11-01") + pd.Timedelta(days=start - 2) for start in starts.values()]
    folds = pd.DataFrame(starts.keys(), columns=["role", "fold"]).assign(train_end=ends, fit_seconds=1.0)
    seen = truth + rng.normal(0.0, 1.0, n) * market_misses
    parts = []
    for number, book in enumerate("ABC"):
        part = frame[["game_date", *KEY, "player_name", "actual"]].copy()
        # One book in ten props is a point off the others' line.
        part["line"] = np.floor(seen) + 0.5 + np.where((np.arange(n) + number) % 10 == 0, 1.0, 0.0)
        chance = np.clip(ndtr((seen - part["line"]) / SPREAD), 0.03, 0.97)
        part["bookmaker"] = book
        part["over_price"] = decimal_to_american(1.0 / np.minimum(chance * 1.045, 0.99))
        part["under_price"] = decimal_to_american(1.0 / np.minimum((1.0 - chance) * 1.045, 0.99))
        part["observed_at"] = (part["game_date"] + pd.Timedelta(hours=20)).dt.tz_localize("UTC")
        parts.append(part)
    quotes = pd.concat(parts, ignore_index=True)
    quotes = quotes.assign(home_team="BOS", away_team="NYK", market="pts", event_id=quotes["game_id"])
    return WalkForwardResult(frame, folds, {"train_mae": 2.0}), quotes


@pytest.fixture(scope="module")
def season():
    return make_season()


@pytest.fixture(scope="module")
def unfair_season():
    """The model knows the truth; the books err by four points."""
    return make_season(market_misses=4.0, model_misses=0.0)


def _evaluated(season, **settings):
    return evaluate_market(*season, make_config(market="pts", seed=1, **settings))


def _slope(pricing, lines):
    """Mean fall of P(over) from half a point under the line to half a point over it."""
    low, high = (pricing.at(lines.assign(line=lines["line"] + move))["p_over"] for move in (-1.0, 1.0))
    return float((low - high).mean()) / 2.0


@pytest.mark.parametrize("calibrator", ["platt", "beta", "isotonic"])
def test_p_over_falls_with_the_line_as_results_are_spread_whatever_the_calibrator(season, calibrator):
    """A calibrator used on every line by itself is flat: worse lines at longer prices then look like edges."""
    pricing = _evaluated(season, calibrator=calibrator).pricing
    lines = pricing.lines[pricing.lines["p_over"].notna()][[*KEY, "line"]]
    assert _slope(pricing, lines) == pytest.approx(1.0 / (SPREAD * np.sqrt(2.0 * np.pi)), rel=0.1)


@pytest.mark.parametrize("settings", [{"calibrator": "isotonic"}, {"model": "market_blend"}])
def test_p_over_never_rises_with_the_line(season, settings):
    pricing = _evaluated(season, **settings).pricing
    lines = pricing.lines[pricing.lines["p_over"].notna()][[*KEY, "line"]]
    ladder = [pricing.at(lines.assign(line=lines["line"] + move))["p_over"] for move in np.arange(-4.0, 4.5, 0.5)]
    assert (np.diff(np.column_stack(ladder), axis=1) <= 1e-9).all()


def test_at_the_consensus_line_p_over_is_the_calibrated_one(season):
    raw = _evaluated(season, calibrator="none").pricing.lines
    fixed = _evaluated(season, calibrator="platt").pricing.lines
    known = fixed["p_over"].notna()
    np.testing.assert_allclose(fixed["chance_uncalibrated"], raw["p_over"], atol=1e-12)
    log_odds = [np.log(table["p_over"] / table["p_under"])[known] for table in (raw, fixed)]
    week = fixed["game_date"][known].to_numpy().astype("datetime64[D]").astype("int64") // 7
    for number in np.unique(week):
        slope, intercept = np.polyfit(log_odds[0][week == number], log_odds[1][week == number], 1)
        fitted = slope * log_odds[0][week == number] + intercept
        assert np.abs(log_odds[1][week == number] - fitted).max() < 1e-6, "one straight map of log-odds a week"
        assert slope < 0.6, "a model behind the line is held back"


@pytest.mark.parametrize("settings", [{"calibrator": "platt"}, {"calibrator": "isotonic"}, {"model": "market_blend"}])
@pytest.mark.parametrize("night", [41, 64])
def test_what_comes_later_changes_no_earlier_probability_line_or_projection(season, settings, night):
    """Neither a later result nor the absence of all later rows: nothing that prices has seen the future."""
    result, quotes = season
    last = pd.Timestamp("2023-11-01") + pd.Timedelta(days=night)
    rows, offered = result.predictions["game_date"] <= last, quotes["game_date"] <= last
    cut = WalkForwardResult(result.predictions[rows].copy(), result.folds, {"train_mae": 2.0})
    changed = result.predictions.copy()
    later = changed["game_date"] >= last
    changed.loc[later, "actual"] = 60.0 - changed.loc[later, "actual"]
    other = quotes.assign(actual=quotes["actual"].where(quotes["game_date"] < last, 60.0 - quotes["actual"]))
    columns = ["line", "p_over", "p_push", "p_under", "implied_line", "location", "scale", "chance_uncalibrated"]
    reference = _evaluated(season, distribution="normal", **settings)
    now = reference.pricing.lines["game_date"] <= last
    assert reference.pricing.lines.loc[now, "p_over"].notna().any()
    changed_result = WalkForwardResult(changed, result.folds, {"train_mae": 2.0})
    for variant in ((cut, quotes[offered].reset_index(drop=True)), (changed_result, other)):
        evaluation = _evaluated(variant, distribution="normal", **settings)
        mine = evaluation.pricing.lines[evaluation.pricing.lines["game_date"] <= last]
        pd.testing.assert_frame_equal(mine[columns], reference.pricing.lines.loc[now, columns], check_exact=True)
        early = [
            table.loc[table["game_date"] <= last, "predicted"].to_numpy()
            for table in (evaluation.predictions, reference.predictions)
        ]
        np.testing.assert_array_equal(*early)


def test_a_blend_adds_nothing_where_the_market_is_right_and_stays_there(season):
    evaluation = _evaluated(season, model="market_blend")
    assert evaluation.pricing.blend_weights["weight"].max() < 0.17
    metrics = evaluation.metrics
    assert metrics["brier_gain_vs_market_ci_low"] <= 0
    assert abs(metrics["brier_gain_vs_market"]) < 0.0005
    assert metrics["model_mae_on_lines"] == pytest.approx(metrics["market_implied_mae"], rel=0.005)
    assert metrics["model_mae_on_lines"] < metrics["market_mae"] + 0.02


def test_a_blend_goes_to_the_model_where_the_market_errs(unfair_season):
    evaluation = _evaluated(unfair_season, model="market_blend")
    assert evaluation.pricing.blend_weights["weight"].iloc[-1] > 0.5
    metrics = evaluation.metrics
    assert metrics["brier_gain_vs_market_ci_low"] > 0
    assert metrics["log_loss_gain_vs_market_ci_low"] > 0
    assert metrics["model_mae_on_lines"] < metrics["market_implied_mae"] - 0.1


@pytest.mark.parametrize(("best", "least", "most"), [(0.0, 0.0, 0.05), (0.3, 0.12, 0.3)])
def test_three_weeks_of_props_bring_the_weight_half_way_from_the_market_to_where_it_belongs(best, least, most):
    rng, weights = np.random.default_rng(3), []
    for _ in range(100):
        market, step = rng.normal(0.0, 0.2, 1500), rng.normal(0.0, 0.4, 1500)
        over = rng.random(1500) < expit(market + best * step)
        weights.append(MarketBlend.fit(expit(market + step), expit(market), over).weight)
    assert least <= np.mean(weights) <= most


def test_the_projection_of_a_blend_of_weight_0_is_the_implied_line(season):
    evaluation = _evaluated(season, model="market_blend")
    rows = evaluation.predictions
    assert (rows["predicted"] != rows["predicted_model"]).all()
    gap = (rows["predicted"] - rows["implied_line"]).abs()
    own = (rows["predicted_model"] - rows["implied_line"]).abs()
    assert gap.mean() < 0.15 * own.mean(), "no weight of this season is above 0.17"
    assert MarketBlend().apply([0.9], [0.4]) == pytest.approx([0.4])


def test_the_implied_line_is_a_better_forecast_than_the_line_and_learns_the_spread(season):
    _, quotes = season
    offered = decision_quotes(quotes.drop(columns="actual"))
    props = consensus(offered)
    props["actual"] = results_of(props, split_results(quotes)[1])
    implied = walk_forward_implied(offered, props, "pts")
    assert np.abs(props["actual"] - implied).mean() < np.abs(props["actual"] - props["line"]).mean()
    # In a late week sigma is near the true 6, so the implied line is where the books put even chances.
    late = (props["game_date"] > "2024-01-15").to_numpy()
    even = props["line"] + SPREAD * ndtri(props["market_p_over"])
    assert np.abs(implied - even)[late].max() < 0.15


def test_a_location_is_found_at_which_a_line_has_the_wanted_chance(season):
    result, quotes = season
    lines = consensus(decision_quotes(quotes))[[*KEY, "line"]].iloc[-400:].reset_index(drop=True)
    lines["line"] += np.where(np.arange(400) % 2, 0.5, 0.0)  # whole lines too: a push has its own probability
    wanted = np.linspace(0.2, 0.8, 400)
    for name in ("conformal", "negative_binomial", "normal", "quantile"):
        distributions = FoldDistributions(result, name)
        at = distributions.at(lines.assign(location=distributions.locate(lines, wanted)))
        np.testing.assert_allclose(at["p_over"] / (at["p_over"] + at["p_under"]), wanted, atol=1e-6)
