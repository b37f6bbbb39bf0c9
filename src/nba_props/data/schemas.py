"""The declared schemas of the two tables that come in from outside.

A rule is one that every real box score satisfies: none of the 104,641 player-games of the seasons 2021-22 to 2024-25
breaks any.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd
import pandera.pandas as pa

from nba_props.data.tables.validate import rule
from nba_props.markets import MARKETS

_MOST: Final = {"fgm": 60, "fga": 90, "fg3m": 40, "fg3a": 60, "ftm": 50, "fta": 60, "oreb": 50, "dreb": 60, "reb": 70,
                "ast": 50, "stl": 25, "blk": 30, "tov": 30, "pf": 12, "pts": 150}  # fmt: skip
"""Box-score column -> more than anyone has in a game (records: 100 PTS, 55 REB, 30 AST, 11 STL, 17 BLK, 14 TOV)."""
_MOST_PLUS_MINUS: Final = 100
_MADE_OF: Final = (("fgm", "fga"), ("fg3m", "fg3a"), ("ftm", "fta"), ("fg3m", "fgm"), ("fg3a", "fga"))
_LONGEST_MINUTES: Final = 100.0
"""The longest game so far had six overtimes: 78 minutes."""


def _season_bounds(season: pd.Series) -> tuple[pd.Series, pd.Series]:
    """First and last day a game of each season can be played.

    Seasons run from late September (preseason) to July (2020-21 ended on 20 July); 2019-20 was interrupted and ended on
    11 October 2020.
    """
    start = pd.to_datetime(season.str[:4] + "-09-01")
    end = start + pd.DateOffset(months=11) - pd.Timedelta(days=1)
    return start, end.mask(season == "2019-20", pd.Timestamp("2020-10-31"))


def _inside_season(frame: pd.DataFrame) -> pd.Series:
    start, end = _season_bounds(frame["season"])
    return frame["game_date"].between(start, end) | frame["game_date"].isna()


def _one_per_game(column: str) -> pa.Check:
    def test(frame: pd.DataFrame) -> pd.Series:
        first = frame.groupby("game_id")[column].transform("first")
        return frame[column] == first

    return rule(test, "rows of one game disagree", "Correct the rows that are wrong.", column=column)


def _at_most_two_teams(frame: pd.DataFrame) -> pd.Series:
    return frame.groupby("game_id")["team"].transform("nunique") <= 2


def _not_more_than(made: str, tried: str) -> pa.Check:
    def test(frame: pd.DataFrame) -> pd.Series:
        return ~(frame[made] > frame[tried])

    return rule(test, f"more {made.upper()} than {tried.upper()}", "Correct the box score.", column=made)


def _text_column(pattern: str, problem: str, fix: str) -> pa.Column:
    # Checked once per different value: a million odds rows hold a few hundred names.
    def test(column: pd.Series) -> pd.Series:
        return column.isin([value for value in column.unique() if re.fullmatch(pattern, value)])

    return pa.Column(str, rule(test, problem, fix))


def _at_most(bound: float) -> pa.Check:
    return rule(lambda s: s <= bound, f"more than {bound:g} in one game", "Give totals of one game.")


_within_plus_minus = rule(
    lambda s: s.abs() <= _MOST_PLUS_MINUS, f"beyond {_MOST_PLUS_MINUS} points either way", "Correct the plus-minus."
)


def _stat_columns() -> dict[str, pa.Column]:
    count = [
        rule(lambda s: s >= 0, "the value is negative", "Correct the box score."),
        rule(lambda s: s % 1 == 0, "the value is not a whole number", "Give totals of one game, not averages."),
    ]
    minutes = [
        rule(lambda s: s >= 0, "minutes are negative", "Correct the minutes played."),
        rule(lambda s: s <= _LONGEST_MINUTES, f"more than {_LONGEST_MINUTES:.0f} minutes", "Give minutes of one game."),
    ]
    return {
        "min": pa.Column(float, minutes),
        **{name: pa.Column(float, [*count, _at_most(bound)]) for name, bound in _MOST.items()},
        "plus_minus": pa.Column(float, _within_plus_minus, nullable=True),
    }


GAMES: Final = pa.DataFrameSchema(
    {
        "season": _text_column(r"\d{4}-\d{2}", "not a season like 2023-24", "Write the season as 2023-24 or 22023."),
        "game_id": _text_column(r"[0-9A-Za-z]{10}", "not a game id of 10 characters", "Use nba.com's game id."),
        "game_date": pa.Column(),
        "player_id": pa.Column("int64", rule(lambda s: s > 0, "the id is not positive", "Use nba.com's player id.")),
        "player_name": _text_column(r".*\S.*", "the name is blank", "Fill in the name."),
        "team": _text_column(r"[A-Z]{3}", "not a three-letter team", "Use nba.com's abbreviation, such as BOS."),
        "opponent": _text_column(r"[A-Z]{3}", "not a three-letter team", "Use nba.com's abbreviation, such as BOS."),
        "home": pa.Column(bool),
        "won": pa.Column(bool),
        **_stat_columns(),
    },
    checks=[
        rule(
            lambda f: ~f.duplicated(["game_id", "player_id"], keep=False),
            "duplicate player-game (a player appears twice in one game)",
            "Remove the second row.",
            column="player_id",
        ),
        rule(
            _inside_season,
            "the game date is outside its season",
            "Correct the date or the season (a season runs from September to July).",
            column="game_date",
        ),
        _one_per_game("game_date"),
        _one_per_game("season"),
        rule(_at_most_two_teams, "more than two teams in one game", "Correct the game id.", column="team"),
        *(_not_more_than(made, tried) for made, tried in _MADE_OF),
        rule(
            lambda f: ~((f["pts"] - 2 * f["fgm"] - f["fg3m"] - f["ftm"]).abs() > 0),
            "points are not 2 FGM + FG3M + FTM",
            "Correct the box score.",
            column="pts",
        ),
        rule(
            lambda f: ~((f["reb"] - f["oreb"] - f["dreb"]).abs() > 0),
            "rebounds are not OREB + DREB",
            "Correct the box score.",
            column="reb",
        ),
    ],
)  # fmt: skip
"""The `games` table."""

_PRICE = [
    rule(
        lambda s: s.abs() >= 100,
        "impossible American price (between -100 and +100)",
        "American odds are +100 and over or -100 and under; convert decimal or probability prices.",
    ),
    rule(lambda s: s.abs() < 1e7, "the price is not finite", "Give the price, or leave it empty."),
]

ODDS_COLUMNS: Final = (
    "game_date", "player_name", "home_team", "away_team", "bookmaker", "market", "line", "over_price", "under_price",
    "timestamp", "source_date", "event_id", "source_file", "tip", "alternate",
)  # fmt: skip
"""Columns of the odds table, in order."""

FIXTURE_COLUMNS: Final = ("game_date", "home", "away", "tip")
"""Columns of the `fixtures` table, in order."""

ODDS: Final = pa.DataFrameSchema(
    {
        "player_name": _text_column(r".*\S.*", "the name is blank", "Fill in the name."),
        "home_team": pa.Column(str),
        "away_team": pa.Column(str),
        "bookmaker": _text_column(r".*\S.*", "the bookmaker is blank", "Fill in the bookmaker."),
        "market": pa.Column(
            str, rule(lambda s: s.isin(list(MARKETS)), "unknown market", "Use one of: " + ", ".join(MARKETS))
        ),
        "line": pa.Column(
            float,
            [
                rule(lambda s: s > 0, "the line is not positive", "Correct the line."),
                rule(lambda s: s <= 150, "the line is above 150", "Correct the line."),
                rule(lambda s: (2 * s) % 1 == 0, "the line is not a multiple of 0.5", "Correct the line."),
            ],
        ),
        "over_price": pa.Column(float, _PRICE, nullable=True),
        "under_price": pa.Column(float, _PRICE, nullable=True),
        "timestamp": pa.Column(nullable=True),
    },
    checks=[
        rule(
            lambda f: f["home_team"] != f["away_team"],
            "home and away are the same team",
            "Correct the teams.",
            column="away_team",
        )
    ],
)
"""The odds table as it comes in."""


def _rate_column(most: float) -> pa.Column:
    return pa.Column(
        float,
        rule(
            lambda s: s.between(0, most),
            f"a rate outside 0 to {100 * most:.0f} %",
            "Give rates as 27.5% or 0.275, one unit a column.",
        ),
        nullable=True,
        regex=True,
        required=False,
    )


SEASON_STATS: Final = pa.DataFrameSchema(
    {
        "player_name": _text_column(r".*\S.*", "the name is blank", "Fill in the name."),
        "season": pa.Column(str),
        r"usage|(?!ts_)\w+_pct": _rate_column(1.0),
        # With threes alone, each worth one and a half shots.
        "efg|ts_pct": _rate_column(1.5),
    }
)
"""A season table of rates, rates as fractions."""
