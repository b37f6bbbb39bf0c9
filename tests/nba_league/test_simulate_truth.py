"""The truth of the simulated league is true: means, probabilities, and the replay of a night many times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nba_league import League, simulate_league
from nba_league.season.boxscore import play
from nba_league.season.counts import MISS_TRIALS, SCORING_TRIALS
from nba_league.truth import Night, _mixture, conditional_means, exceedance
from nba_props.errors import ConfigError, DataError
from nba_props.features import naive_forecasts
from nba_props.markets import MARKETS, Market, actual

STATS = ("min", "pts", "reb", "ast", "pra")
REPLAYS = 600


@pytest.fixture(scope="module")
def season() -> League:
    """One full season, no odds."""
    return simulate_league(("2023-24",), odds_seasons=())


@pytest.fixture(scope="module")
def small() -> League:
    return simulate_league(("2023-24", "2024-25"), n_teams=6, n_games=20)


@pytest.fixture(scope="module")
def replayed(small: League) -> tuple[Night, dict[str, np.ndarray]]:
    """Eight games of the small league, played many times over from the same state: [games, players, replays]."""
    games = np.arange(20, 28)
    pre = small._nights[0].take(games)
    box = play(pre.take(np.tile(np.arange(len(games)), REPLAYS)), np.random.default_rng(1))
    box["pra"] = box["pts"] + box["reb"] + box["ast"]
    shape = (REPLAYS, 2 * len(games), -1)
    again = {name: box[name].reshape(shape) for name in {*STATS, "fg3m", "stl", "blk", "tov"}}
    return Night(pre), again


def _results(league: League, stat: str) -> pd.Series:
    return league.games["min"] if stat == "min" else actual(league.games, stat)


def test_truth_has_a_row_for_every_row_of_games(season: League) -> None:
    pd.testing.assert_frame_equal(season.truth[["game_id", "player_id"]], season.games[["game_id", "player_id"]])
    assert list(season.truth.columns) == ["game_id", "player_id", *STATS]
    assert season.truth.notna().all(axis=None)
    parts = season.truth[["pts", "reb", "ast"]].sum(axis=1)
    np.testing.assert_allclose(season.truth["pra"], parts)


@pytest.mark.parametrize("stat", STATS)
def test_results_regressed_on_the_truth_have_slope_one_and_intercept_zero(season: League, stat: str) -> None:
    truth, result = season.truth[stat], _results(season, stat)
    slope, intercept = np.polyfit(truth, result, 1)
    noise = (result - truth).std() / np.sqrt(len(truth))
    assert abs(slope - 1) < 4 * noise / truth.std() + 0.002
    assert abs(intercept) < 4 * noise * np.sqrt(1 + truth.mean() ** 2 / truth.var()) + 0.01
    assert abs((result - truth).mean()) < 4 * noise


@pytest.mark.parametrize("stat", STATS)
def test_the_mean_result_is_the_mean_truth_in_every_tenth(season: League, stat: str) -> None:
    truth, result = season.truth[stat], _results(season, stat)
    tenth = pd.qcut(truth, 10, labels=False)
    error = (result - truth).groupby(tenth).mean()
    noise = (result - truth).groupby(tenth).std() / np.sqrt(tenth.value_counts().sort_index())
    assert (error.abs() < 4 * noise + 0.003 * truth.groupby(tenth).mean()).all()


def test_a_night_replayed_many_times_averages_to_the_truth(
    replayed: tuple[Night, dict[str, np.ndarray]],
) -> None:
    night, again = replayed
    means, appeared = conditional_means(night), again["min"] > 0
    times = appeared.sum(axis=0)
    often = times >= 100
    assert often.sum() > 140
    for stat in STATS:
        total = np.where(appeared, again[stat], 0).sum(axis=0)
        average = total / np.maximum(times, 1)
        spread = np.sqrt(np.where(appeared, (again[stat] - average) ** 2, 0).sum(axis=0) / np.maximum(times - 1, 1))
        z = ((average - means[stat]) / (np.maximum(spread, 0.05) / np.sqrt(np.maximum(times, 1))))[often]
        assert np.abs(z).max() < 4.5, stat
        assert 0.6 < np.mean(z**2) < 1.45, stat
        assert abs(z.mean()) < 4.5 / np.sqrt(len(z)) * 1.5, stat  # team mates share a night, so a little wider


def test_players_appear_as_often_as_the_scenarios_say(replayed: tuple[Night, dict[str, np.ndarray]]) -> None:
    night, again = replayed
    there = night.pre.row >= 0
    difference = ((again["min"] > 0).mean(axis=0) - night.appeared())[there]
    assert np.abs(difference).max() < 5 * 0.5 / np.sqrt(REPLAYS)


@pytest.fixture
def more_markets(monkeypatch):
    """Markets that a user might add: sums of other columns, and one that a function settles."""
    added = {
        "stocks": Market("stocks", ("stl", "blk")),
        "all_round": Market("all_round", ("pts", "reb", "ast", "stl", "blk")),
        "double_double": Market("double_double", settle=lambda games: (games[["pts", "reb", "ast"]] >= 10).sum(axis=1)),
        "threes_and_points": Market("threes_and_points", ("pts", "fg3m")),
    }
    for name, market in added.items():
        monkeypatch.setitem(MARKETS._items, name, market)


@pytest.mark.usefixtures("more_markets")
@pytest.mark.parametrize("market", [*sorted(MARKETS), "stocks", "all_round"])
def test_true_probabilities_are_the_frequencies_of_the_replay(
    replayed: tuple[Night, dict[str, np.ndarray]], market: str
) -> None:
    night, again = replayed
    side, place = np.nonzero(conditional_means(night)["min"] >= 18)
    above = exceedance(night, market, side, place)
    result = np.sum([again[part] for part in MARKETS[market].columns], axis=0)[:, side, place]
    line = np.floor(np.median(result, axis=0)).astype(int)
    claimed = above[np.arange(len(side)), np.minimum(line, above.shape[1] - 1)]
    seen = (result > line).mean(axis=0)
    open_question = (claimed > 0.05) & (claimed < 0.95)
    seen, claimed = seen[open_question], claimed[open_question]
    assert len(seen) > 60
    z = (seen - claimed) / np.sqrt(claimed * (1 - claimed) / REPLAYS)
    assert np.abs(z).max() < 4.5
    assert 0.55 < np.mean(z**2) < 1.5
    assert abs((seen - claimed).mean()) < 0.01


def test_true_probabilities_are_calibrated_at_the_lines_of_a_season(season: League) -> None:
    for market in ("pts", "reb", "ast", "pra"):
        regular = season.truth["min"] >= 18
        quotes = season.truth.loc[regular, ["game_id", "player_id"]].assign(market=market)
        quotes["line"] = np.floor(season.truth.loc[regular, market]) + 0.5
        probability = season.true_probabilities(quotes)["p_over"]
        over = actual(season.games, market)[regular] > quotes["line"]
        bin_ = pd.qcut(probability, 10, labels=False, duplicates="drop")
        error = (over - probability).groupby(bin_).mean()
        noise = 0.5 / np.sqrt(bin_.value_counts().sort_index())
        assert (error.abs() < 4 * noise).all(), market
        assert abs((over - probability).mean()) < 0.012, market


def test_over_push_and_under_fit_together_at_whole_and_half_lines(small: League) -> None:
    rows = small.truth.loc[small.truth["min"] >= 18, ["game_id", "player_id"]].head(40).assign(market="pra")
    whole = small.true_probabilities(rows.assign(line=20.0))
    below = small.true_probabilities(rows.assign(line=19.5))
    above = small.true_probabilities(rows.assign(line=20.5))
    assert below["p_push"].eq(0).all()
    assert above["p_push"].eq(0).all()
    assert whole["p_push"].gt(0).all()
    np.testing.assert_allclose(whole["p_over"], above["p_over"], atol=1e-12)
    np.testing.assert_allclose(whole["p_over"] + whole["p_push"], below["p_over"], atol=1e-12)


def test_the_chance_of_the_over_falls_with_the_line(small: League) -> None:
    player = small.truth.sort_values("pts").iloc[-1]
    lines = np.arange(-1.0, 200.0, 0.5)
    quotes = pd.DataFrame(
        {"game_id": player["game_id"], "player_id": player["player_id"], "market": "pts", "line": lines}
    )
    over = small.true_probabilities(quotes)["p_over"].to_numpy()
    assert (np.diff(over) <= 1e-12).all()
    assert over[0] == 1
    assert over[-1] == 0


def test_the_mean_of_the_distribution_is_the_true_mean(season: League) -> None:
    pre = season._nights[0].take(np.arange(40))
    night = Night(pre)
    means = conditional_means(night)
    side, place = np.nonzero(means["min"] >= 12)
    for market in ("pts", "reb", "ast", "pra"):
        mean = exceedance(night, market, side, place).sum(axis=1)
        np.testing.assert_allclose(mean, means[market][side, place], rtol=2e-5)


def test_also_players_who_rarely_appear_have_a_distribution(season: League) -> None:
    night = Night(season._nights[0].take(np.arange(100)))
    appeared = night.appeared()
    side, place = np.nonzero((appeared > 0) & (appeared < 0.5))
    assert len(side) > 100
    for market in ("reb", "pra"):
        above = exceedance(night, market, side, place)
        assert np.isfinite(above).all()
        np.testing.assert_allclose(above.sum(axis=1), conditional_means(night)[market][side, place], rtol=2e-5)


def test_the_recurrence_gives_the_same_distribution_as_plain_convolution() -> None:
    one, two, three, miss = 0.05, 0.08, 0.04, 0.06
    others = MISS_TRIALS
    nodes = [np.array([[value]]) for value in (one, two, three, miss, float(others), 1.0)]
    fast = _mixture(nodes, SCORING_TRIALS, 90)[0]
    slow = np.array([1.0])
    for _ in range(SCORING_TRIALS):
        slow = np.convolve(slow, [1 - one - two - three, one, two, three])
    for _ in range(others):
        slow = np.convolve(slow, [1 - miss, miss])
    np.testing.assert_allclose(fast, slow[:91], atol=1e-12)


def test_quotes_keep_their_index_and_a_void_has_no_probability(small: League) -> None:
    played = small.truth.iloc[[0, 5]]
    quotes = pd.DataFrame(
        {
            "game_id": [played["game_id"].iloc[0], "0029900001", played["game_id"].iloc[1]],
            "player_id": [played["player_id"].iloc[0], 1, played["player_id"].iloc[1]],
            "market": ["reb", "reb", "ast"],
            "line": [3.5, 3.5, np.nan],
        },
        index=[30, 10, 20],
    )
    found = small.true_probabilities(quotes)
    assert list(found.index) == [30, 10, 20]
    assert found["p_over"].notna().tolist() == [True, False, False]


def test_unknown_markets_and_missing_columns_are_refused(small: League) -> None:
    quote = small.truth[["game_id", "player_id"]].head(1).assign(market="goals", line=1.5)
    with pytest.raises(ConfigError, match="goals"):
        small.true_probabilities(quote)
    with pytest.raises(DataError, match="line"):
        small.true_probabilities(quote.drop(columns="line"))


def test_the_oracle_beats_every_naive_forecaster(season: League) -> None:
    games = season.games.assign(pra=actual(season.games, "pra"))
    group = games.groupby("player_id")["pra"]
    seen = group.cumcount() > 0
    season_mean = (group.cumsum() - games["pra"]) / group.cumcount().clip(lower=1)
    ewma = group.transform(lambda values: values.shift().ewm(span=10).mean())
    oracle = (season.truth["pra"] - games["pra"]).abs()[seen].mean()
    for naive in (season_mean, ewma):
        error = (naive - games["pra"]).abs()[seen].mean()
        assert 1.05 < error / oracle < 1.25


@pytest.mark.usefixtures("more_markets")
@pytest.mark.parametrize("market", ["double_double", "threes_and_points"])
def test_a_market_without_a_known_truth_is_refused_and_never_given_zeros(season: League, market: str) -> None:
    assert not season.knows(market)
    with pytest.raises(ConfigError, match=f"does not know the true distribution of market '{market}'"):
        season.true_medians(market)
    with pytest.raises(ConfigError, match="Use real data for this market"):
        simulate_league(("2023-24",), n_teams=4, n_games=4, markets=(market,))


@pytest.mark.usefixtures("more_markets")
def test_the_oracle_of_a_new_sum_beats_every_naive_forecast(season: League) -> None:
    result = actual(season.games, "stocks")
    oracle = season.true_medians("stocks")
    naive = naive_forecasts(season.games, "stocks")
    known = naive.notna().all(axis=1)
    error = (result - oracle).abs()[known].mean()
    assert error < min((result - naive[name]).abs()[known].mean() for name in naive)
    assert oracle.max() > 0


@pytest.mark.usefixtures("more_markets")
def test_lines_are_posted_for_a_new_sum() -> None:
    league = simulate_league(("2023-24",), n_teams=6, n_games=10, markets=("stocks", "fg3m"))
    lines = league.odds.groupby("market")["line"].mean()
    assert set(lines.index) == {"stocks", "fg3m"}
    assert 0.4 < lines["stocks"] < 4
