"""A tiny hand-made league: two teams that meet on consecutive days, and a third."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from nba_props.data import load_game_logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOX = {
    "MIN": 30, "FGM": 8, "FGA": 16, "FG3M": 2, "FG3A": 5, "FTM": 3, "FTA": 4, "OREB": 1, "DREB": 6, "REB": 7, "AST": 5,
    "STL": 1, "BLK": 0, "TOV": 2, "PF": 3, "PTS": 21, "PLUS_MINUS": 4,
}  # fmt: skip

PEOPLE = {
    "BOS": [(101, "Luka Brandić"), (102, "Jaren Wells Jr."), (103, "Nic Clayborn"), (104, "Jalen Green")],
    "NYK": [(201, "Karl-Anthony Street"), (202, "P.J. Waters"), (203, "Dejounte Moss"), (204, "Jeff Green")],
    "MIA": [(301, "Al Hartford"), (302, "C.J. McCall")],
}

# Game id, date, home, away. BOS and NYK meet on two days running, and MIA plays at a neutral site.
GAMES = [
    ("0022300001", "2023-10-24", "BOS", "NYK"),
    ("0022300002", "2023-10-25", "NYK", "BOS"),
    ("0022300003", "2023-11-02", "MIA", "BOS"),
]

DID_NOT_PLAY = {("0022300001", 102)}


def log_rows() -> list[dict[str, Any]]:
    """Rows of a LeagueGameLog file; the home team wins every game."""
    rows = []
    for game_id, date, home, away in GAMES:
        for team, matchup, result in ((home, f"{home} vs. {away}", "W"), (away, f"{away} @ {home}", "L")):
            for player_id, name in PEOPLE[team]:
                if (game_id, player_id) not in DID_NOT_PLAY:
                    rows.append(
                        {
                            "SEASON_ID": "22023", "PLAYER_ID": player_id, "PLAYER_NAME": name,
                            "TEAM_ABBREVIATION": team, "GAME_ID": game_id, "GAME_DATE": date, "MATCHUP": matchup,
                            "WL": result, **BOX,
                        }
                    )  # fmt: skip
    return rows


def odds_row(**changes: Any) -> dict[str, Any]:
    """One odds row: BOS against NYK on 24 October 2023, seen at 7.25 pm Eastern, a day later in UTC."""
    return {
        "game_date": "2023-10-24", "player_name": "Luka Brandić", "home_team": "Boston Celtics",
        "away_team": "New York Knicks", "bookmaker": "BookA", "market": "pts", "line": 20.5, "over_price": -110.0,
        "under_price": -110.0, "timestamp": "2023-10-24T23:25:00Z", "source_date": "2023-10-24", "event_id": "e1",
        **changes,
    }  # fmt: skip


@pytest.fixture
def log() -> pd.DataFrame:
    return pd.DataFrame(log_rows())


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a frame to a CSV in the test's folder and returns its path."""

    def _write(frame: pd.DataFrame, name: str = "log.csv") -> Path:
        path = tmp_path / name
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_csv(path, index=False)
        return path

    return _write


@pytest.fixture(scope="session")
def games(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The `games` table of the tiny league."""
    path = tmp_path_factory.mktemp("league") / "log.csv"
    pd.DataFrame(log_rows()).to_csv(path, index=False)
    return load_game_logs(path)


@pytest.fixture
def quote() -> Callable[..., dict[str, Any]]:
    """Builds one odds row, with changes."""
    return odds_row
