"""The simulated league: schedules, rosters and box scores that add up."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest

from nba_league import League, simulate_league
from nba_league.season.schedule import season_start
from nba_props.errors import ConfigError

SMALL = {"seasons": ("2023-24", "2024-25"), "n_teams": 6, "n_games": 20}
COUNTS = [
    "min",
    "fgm",
    "fga",
    "fg3m",
    "fg3a",
    "ftm",
    "fta",
    "oreb",
    "dreb",
    "reb",
    "ast",
    "stl",
    "blk",
    "tov",
    "pf",
    "pts",
]
CONTRACT = [
    "season", "game_id", "game_date", "player_id", "player_name", "team", "opponent", "home", "won", "min", "fgm",
    "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts", "plus_minus",
]  # fmt: skip


@pytest.fixture(scope="module")
def small() -> League:
    return simulate_league(**SMALL)


@pytest.fixture(scope="module")
def season() -> pd.DataFrame:
    """One full season of thirty teams."""
    return simulate_league(("2023-24",), odds_seasons=()).games


@pytest.fixture(scope="module")
def teams(season: pd.DataFrame) -> pd.DataFrame:
    """Team totals of the full season, each row beside its opponent's (suffix _opp)."""
    keys = ["game_id", "game_date", "team", "opponent", "home", "won"]
    totals = season.groupby(keys, as_index=False)[[*COUNTS, "plus_minus"]].sum()
    other = totals.drop(columns=["game_date", "opponent"]).rename(columns={"team": "opponent"})
    return totals.merge(other, on=["game_id", "opponent"], suffixes=("", "_opp"), validate="1:1")


def _digest(table: pd.DataFrame) -> int:
    return int(pd.util.hash_pandas_object(table, index=True).sum())


def test_games_have_the_columns_and_the_order_of_the_contract(small: League) -> None:
    games = small.games
    assert list(games.columns) == CONTRACT
    assert games.index.equals(pd.RangeIndex(len(games)))
    assert games.equals(games.sort_values(["game_date", "game_id", "team", "player_id"], ignore_index=True))
    assert not games.duplicated(["game_id", "player_id"]).any()
    assert games["game_id"].str.len().eq(10).all()
    assert games["player_id"].dtype == "int64"
    assert games[["home", "won"]].dtypes.eq("bool").all()
    assert games[[*COUNTS, "plus_minus"]].dtypes.eq("float64").all()
    assert games["game_date"].dt.tz is None


def test_box_scores_are_whole_numbers_that_add_up(season: pd.DataFrame) -> None:
    counts = season[COUNTS]
    assert (counts >= 0).all(axis=None)
    assert (counts == counts.round()).all(axis=None)
    assert (season["plus_minus"] == season["plus_minus"].round()).all()
    assert (season["pts"] == 2 * (season["fgm"] - season["fg3m"]) + 3 * season["fg3m"] + season["ftm"]).all()
    assert (season["reb"] == season["oreb"] + season["dreb"]).all()
    for fewer, more in (("fg3m", "fgm"), ("fgm", "fga"), ("fg3m", "fg3a"), ("fg3a", "fga"), ("ftm", "fta")):
        assert (season[fewer] <= season[more]).all(), (fewer, more)
    assert (season["fgm"] - season["fg3m"] <= season["fga"] - season["fg3a"]).all()
    assert (season["pf"] <= 6).all()
    assert season["min"].between(1, 63).all()


def test_team_minutes_sum_to_240_and_25_more_for_each_overtime(teams: pd.DataFrame) -> None:
    overtimes = (teams["min"] - 240) / 25
    assert (overtimes == overtimes.round()).all()
    assert (overtimes >= 0).all()
    assert (teams["min"] == teams["min_opp"]).all()
    assert 0.03 < (overtimes > 0).mean() < 0.08  # 5.2 % of the games of four real seasons


def test_no_game_is_tied_and_the_winner_has_more_points(teams: pd.DataFrame) -> None:
    assert (teams["pts"] != teams["pts_opp"]).all()
    assert (teams["won"] == (teams["pts"] > teams["pts_opp"])).all()
    assert (teams["home"] != teams["home_opp"]).all()


def test_plus_minus_of_a_team_sums_to_five_times_its_margin(teams: pd.DataFrame) -> None:
    assert (teams["plus_minus"] == 5 * (teams["pts"] - teams["pts_opp"])).all()


def test_no_team_is_credited_with_more_than_there_was(teams: pd.DataFrame) -> None:
    missed = teams["fga"] - teams["fgm"]
    missed_twos_opp = (teams["fga_opp"] - teams["fg3a_opp"]) - (teams["fgm_opp"] - teams["fg3m_opp"])
    assert (teams["ast"] <= teams["fgm"]).all()
    assert (teams["oreb"] + teams["dreb_opp"] <= missed).all()
    assert (teams["stl"] <= teams["tov_opp"]).all()
    assert (teams["blk"] <= missed_twos_opp).all()


def test_nobody_assists_his_own_basket(season: pd.DataFrame) -> None:
    team_makes = season.groupby(["game_id", "team"])["fgm"].transform("sum")
    assert (season["ast"] <= team_makes - season["fgm"]).all()


def test_every_team_plays_82_games_half_of_them_at_home_and_never_twice_a_day(teams: pd.DataFrame) -> None:
    assert teams.groupby("team").size().eq(82).all()
    assert teams.groupby("team")["home"].sum().eq(41).all()
    assert teams["team"].nunique() == 30
    assert teams["game_id"].nunique() == 1230
    assert not teams.duplicated(["team", "game_date"]).any()
    met = teams.groupby(["team", "opponent"]).size()
    assert met.between(1, 6).all()


def test_the_calendar_is_that_of_a_real_season(teams: pd.DataFrame) -> None:
    dates = pd.DatetimeIndex(teams["game_date"].unique()).sort_values()
    assert dates[0] == pd.Timestamp("2023-10-24")
    assert dates[-1] == pd.Timestamp("2024-04-14")
    assert 155 <= len(dates) <= 170  # real: 160 to 165
    break_days = pd.date_range("2024-02-16", "2024-02-21")  # all-star game: Sunday 18 February 2024
    assert not dates.isin(break_days).any()
    assert (dates[1:] - dates[:-1]).max() == pd.Timedelta(days=7)


def test_teams_play_on_consecutive_days_about_as_often_as_real_ones(teams: pd.DataFrame) -> None:
    rest = teams.sort_values("game_date").groupby("team")["game_date"].diff().dt.days
    doubles = (rest == 1).groupby(teams["team"]).sum()
    assert 13 <= doubles.mean() <= 16
    assert doubles.between(6, 22).all()
    assert 0.55 < (rest == 2).mean() < 0.70


@pytest.mark.parametrize(
    ("season", "first"),
    [("2021-22", "2021-10-19"), ("2022-23", "2022-10-18"), ("2023-24", "2023-10-24"), ("2024-25", "2024-10-22")],
)
def test_seasons_start_on_their_real_first_day(season: str, first: str) -> None:
    assert season_start(season).isoformat() == first


def test_home_teams_win_more_often(teams: pd.DataFrame) -> None:
    margin = (teams["pts"] - teams["pts_opp"])[teams["home"]]
    assert 0.5 < margin.mean() < 4.0


def test_teams_differ_in_strength_and_the_spread_of_margins_is_real(teams: pd.DataFrame) -> None:
    margin = teams["pts"] - teams["pts_opp"]
    assert 13.5 < margin.std() < 17.0  # real: 15.3
    assert 3.0 < margin.groupby(teams["team"]).mean().std() < 7.0  # real: 5.1


def test_nine_to_thirteen_players_appear_and_rosters_move_with_trades(season: pd.DataFrame) -> None:
    appeared = season.groupby(["game_id", "team"]).size()
    assert appeared.between(8, 13).mean() > 0.99
    assert 10.2 < appeared.mean() < 11.1  # real: 10.6
    assert 24_500 < len(season) < 27_500
    clubs = season.groupby("player_id")["team"].nunique()
    traded = clubs > 1
    assert 0.05 < traded.mean() < 0.25  # real: 0.14
    assert season.groupby("team")["player_id"].nunique().between(17, 33).all()


def test_a_traded_player_never_returns_to_the_box_score_of_the_old_team_by_chance(season: pd.DataFrame) -> None:
    ordered = season.sort_values(["player_id", "game_date"])
    changes = (ordered["team"] != ordered.groupby("player_id")["team"].shift()).groupby(ordered["player_id"]).sum()
    assert changes.max() <= 5  # spells with a team, not a coin tossed each night


def test_regulars_miss_games_and_come_back(season: pd.DataFrame) -> None:
    minutes = season.groupby("player_id")["min"].mean()
    clubs = season.groupby("player_id")["team"].nunique()
    one_team = clubs == 1
    regulars = season[season["player_id"].isin(minutes.index[(minutes >= 24) & one_team])]
    played = regulars.groupby("player_id").size() / 82
    assert 0.70 < played.mean() < 0.92  # real: 0.77
    calendar = season.drop_duplicates(["team", "game_id"]).sort_values("game_date")
    number = calendar.groupby("team").cumcount()
    position = regulars.merge(calendar.assign(number=number)[["team", "game_id", "number"]], on=["team", "game_id"])
    gaps = position.sort_values("number").groupby("player_id")["number"].diff().dropna() - 1
    missed = gaps[gaps > 0]
    assert (missed == 1).mean() > 0.35  # single nights: knocks and rest
    assert (missed >= 5).mean() > 0.05  # and injuries


def test_roles_change_within_a_season_and_from_season_to_season() -> None:
    games = simulate_league(("2022-23", "2023-24"), odds_seasons=()).games
    enough = games.groupby(["season", "player_id"])["min"].transform("size") >= 30
    regular = games[enough].pivot_table(index="player_id", columns="season", values="min").dropna()
    change = regular["2023-24"] - regular["2022-23"]
    assert 3.0 < change.std() < 9.0
    assert regular.corr().iloc[0, 1] > 0.6
    halves = games[games["season"] == "2023-24"].assign(late=lambda table: table["game_date"] >= "2024-01-20")
    halves = halves[halves.groupby(["player_id", "late"])["min"].transform("size") >= 15]
    by_half = halves.pivot_table(index="player_id", columns="late", values="min").dropna()
    shift = by_half[True] - by_half[False]
    assert (shift.abs() > 6).mean() > 0.05  # breakouts and declines
    newcomers = ~games[games["season"] == "2023-24"]["player_id"].isin(games[games["season"] == "2022-23"]["player_id"])
    assert 0.02 < newcomers.mean() < 0.25  # rookies


def test_names_are_unique_also_without_accents_and_suffixes(small: League) -> None:
    names = small.games.drop_duplicates("player_id").set_index("player_id")["player_name"]
    plain = names.map(lambda name: unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower())
    plain = plain.str.replace(r" (jr\.|ii|iii|iv)$", "", regex=True)
    assert plain.is_unique
    assert small.games.groupby("player_id")["player_name"].nunique().eq(1).all()


def test_some_names_have_accents_and_some_suffixes(season: pd.DataFrame) -> None:
    names = pd.Series(season["player_name"].unique())
    assert 0.05 < (~names.map(str.isascii)).mean() < 0.30
    assert 0.01 < names.str.contains(r" (?:Jr\.|II|III|IV)$").mean() < 0.10


def test_same_arguments_give_the_same_league_to_the_byte(small: League) -> None:
    again = simulate_league(**SMALL)
    for table in ("games", "odds", "truth"):
        pd.testing.assert_frame_equal(getattr(small, table), getattr(again, table), check_exact=True)
        assert _digest(getattr(small, table)) == _digest(getattr(again, table))


def test_another_seed_gives_another_league(small: League) -> None:
    other = simulate_league(**SMALL, seed=7)
    assert _digest(other.games) != _digest(small.games)
    assert _digest(other.odds) != _digest(small.odds)


def test_box_scores_do_not_depend_on_what_is_asked_of_the_odds(small: League) -> None:
    for changed in ({"markets": ("reb",)}, {"odds_seasons": ()}, {"inefficiency": 0.0}, {"faults": True}):
        other = simulate_league(**SMALL, **changed)
        assert _digest(other.games) == _digest(small.games), changed
        assert _digest(other.truth) == _digest(small.truth), changed


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"seasons": ("2023",)}, "2023-24"),
        ({"seasons": ("2023-25",)}, "2023-25"),
        ({"seasons": ("2024-25", "2023-24")}, "order of time"),
        ({"seasons": ()}, "at least one"),
        ({"n_teams": 7}, "n_teams"),
        ({"n_teams": 32}, "n_teams"),
        ({"n_games": 1}, "n_games"),
        ({"n_games": 83}, "n_games"),
        ({"odds_seasons": ("2019-20",)}, "2019-20"),
        ({"inefficiency": -0.1}, "inefficiency"),
        ({"inefficiency": float("nan")}, "inefficiency"),
        ({"markets": ("goals",)}, "goals"),
    ],
)
def test_arguments_that_make_no_league_are_refused_by_name(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        simulate_league(**{**SMALL, **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize(("n_teams", "n_games"), [(4, 2), (4, 11), (8, 33), (30, 5)])
def test_leagues_of_any_size_are_complete(n_teams: int, n_games: int) -> None:
    games = simulate_league(("2024-25",), n_teams=n_teams, n_games=n_games, odds_seasons=()).games
    played = games.drop_duplicates(["game_id", "team"])
    assert played.groupby("team").size().eq(n_games).all()
    assert not played.duplicated(["team", "game_date"]).any()
    homes = played.groupby("team")["home"].sum()
    assert homes.between(n_games // 2, (n_games + 1) // 2).all()
    assert np.isclose(games.groupby(["game_id", "team"])["min"].sum() % 25, 240 % 25).all()
