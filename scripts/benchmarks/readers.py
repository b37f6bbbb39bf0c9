"""Seconds and peak memory of reading a Kaggle-shaped file of 1.6 million rows, generated here."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from nba_props.data import read_game_logs
from nba_props.data.teams import TEAMS

PLAYERS = 10


def write_file(path: Path, rows: int) -> None:
    """Games of ten players a side from 1947 on, every box score alike but possible."""
    games = np.arange(rows // (2 * PLAYERS))
    game = np.repeat(games, 2 * PLAYERS)
    side = np.tile(np.repeat([0, 1], PLAYERS), len(games))
    teams = pd.DataFrame(list(TEAMS.values()), columns=["city", "name"])
    own, other = (2 * (game % 15) + side) % 30, (2 * (game % 15) + 1 - side) % 30
    days = pd.date_range("1947-11-01", "2025-04-01", periods=len(games))
    days = days.where(~days.month.isin([8, 9, 10]), days + pd.Timedelta(days=100))
    table = pd.DataFrame(
        {
            "firstName": "Made", "lastName": [f"Up{n}" for n in own * PLAYERS + np.arange(len(game)) % PLAYERS],
            "personId": 1 + own * PLAYERS + np.arange(len(game)) % PLAYERS, "gameId": 90_000_000 + game,
            "gameDateTimeEst": np.repeat(days.strftime("%Y-%m-%d 19:30:00"), 2 * PLAYERS),
            "playerteamCity": teams["city"].to_numpy()[own], "playerteamName": teams["name"].to_numpy()[own],
            "opponentteamCity": teams["city"].to_numpy()[other], "opponentteamName": teams["name"].to_numpy()[other],
            "gameType": "Regular Season", "win": 1 - side, "home": side, "numMinutes": 24.5, "points": 11, "assists": 2,
            "blocks": 0, "steals": 1, "fieldGoalsAttempted": 9, "fieldGoalsMade": 4, "threePointersAttempted": 3,
            "threePointersMade": 1, "freeThrowsAttempted": 3, "freeThrowsMade": 2, "reboundsDefensive": 3,
            "reboundsOffensive": 1, "reboundsTotal": 4, "foulsPersonal": 2, "turnovers": 1, "plusMinusPoints": 0,
        }
    )  # fmt: skip
    table.to_csv(path, index=False)


def main() -> None:
    """Generate, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_600_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "PlayerStatistics.csv"
        write_file(path, rows)
        start = time.perf_counter()
        _, report = read_game_logs(path)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{report}\n{rows:,} rows in {seconds:.1f} s; peak memory of generating and reading {peak:.2f} GiB")


if __name__ == "__main__":
    main()
