"""Who was known to be out when a card was decided: the line-up features of a night, as a training knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from models.line_ups import OUT, decision_moments, reported_line_ups
from nba_props.data.fixtures import one_per_game
from nba_props.data.schemas import FIXTURE_COLUMNS

if TYPE_CHECKING:
    from nba_props.data.availability import AvailabilityReading

Decision = Literal["open", "close"]


def slate_line_ups(
    table: pd.DataFrame,
    quotes: pd.DataFrame,
    date: pd.Timestamp,
    known: AvailabilityReading,
    *,
    trained: Decision,
    tonight: Decision | pd.Timestamp,
) -> pd.DataFrame:
    """The columns of the line-up groups by what was reported before each game was decided; float64, index of `table`.

    Args:
        table: Games before the night, and the rows of the night, n rows.
        quotes: Lines joined to them; those of the night have no results.
        date: The night.
        known: What was reported, with the players' ids.
        trained: Decision of the model: when the games before the night were decided.
        tonight: Decision of the night's games, or the moment they are decided at (UTC).
    """
    tips = quotes.rename(columns={"home_team": "home", "away_team": "away"})[list(FIXTURE_COLUMNS)].dropna()
    fixtures = one_per_game(pd.concat([known.fixtures, tips.drop_duplicates()], ignore_index=True))
    now = quotes["game_date"] == date
    moments = decision_moments(table, quotes[~now], fixtures, trained)
    night = moments["game_date"] == date
    if isinstance(tonight, pd.Timestamp):
        later = moments[night].assign(decision_time=tonight.tz_convert("UTC"))
    else:
        # Which of the night's props end void is not known yet: all of them count.
        every = decision_moments(table, quotes.assign(actual=quotes["actual"].where(~now, 0.0)), fixtures, tonight)
        later = every[every["game_date"] == date]
    later = later.astype({"decision_time": moments["decision_time"].dtype})
    moments = pd.concat([moments[~night], later], ignore_index=True)
    return reported_line_ups(table, known.availability, known.not_submitted, moments)


def out_by_team(known: AvailabilityReading, date: pd.Timestamp, at: pd.Timestamp | None) -> dict[str, str]:
    """Who is out on a night, as a text per team: the latest word on each player before `at` counts."""
    table = known.availability
    said = table[table["game_date"] == date].sort_values("reported_at", kind="stable")
    said = said if at is None else said[said["reported_at"] < at]
    said = said.drop_duplicates(["team", "player"], keep="last")
    missing = said[said["status"].isin(OUT)]
    names = missing["player"] + missing["status"].map({"out": "", "doubtful": " (doubtful)"})
    return {str(team): ", ".join(rows) for team, rows in names.groupby(missing["team"])}
