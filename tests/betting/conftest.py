"""Small tables of quotes, written out where they are used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

DEFAULTS = {
    "game_date": "2024-01-05",
    "game_id": "0022300500",
    "player_id": 1,
    "player_name": "A Player",
    "home_team": "BOS",
    "away_team": "NYK",
    "bookmaker": "A",
    "market": "pts",
    "line": 20.5,
    "over_price": -110.0,
    "under_price": -110.0,
    "observed_at": "2024-01-05 20:00",
    "event_id": "e",
    "actual": 25.0,
}


@pytest.fixture(scope="session")
def make_quotes():
    """Build a quotes table from dictionaries of what differs from an ordinary quote."""

    def build(rows):
        table = pd.DataFrame([DEFAULTS | row for row in rows])
        table["game_date"] = pd.to_datetime(table["game_date"])
        table["observed_at"] = pd.to_datetime(table["observed_at"], utc=True)
        floats = ["line", "over_price", "under_price", "actual"]
        return table.astype(dict.fromkeys(floats, "float64"))

    return build


@pytest.fixture(scope="session")
def random_quotes():
    """Props of several books over many nights, with results, drawn from a seed; prices follow the true chances."""

    def build(seed=0, nights=30, per_night=20, books=("A", "B", "C")):
        generator = np.random.default_rng(seed)
        n = nights * per_night
        centre = generator.uniform(8.0, 30.0, n)
        actual = generator.poisson(centre).astype("float64")
        actual[generator.random(n) < 0.03] = np.nan
        parts = []
        for book in books:
            line = np.round(centre) + generator.choice([0.5, 0.0, -0.5], n)
            drift = generator.normal(0.0, 0.02, n)
            over, under = poisson.sf(np.floor(line), centre), poisson.cdf(np.ceil(line) - 1, centre)
            chance = np.clip(over / (over + under) + drift, 0.1, 0.9)
            over, under = (np.clip(side * 1.045, 0.02, 0.95) for side in (chance, 1.0 - chance))
            american = [
                np.where(side >= 0.5, -100 * side / (1 - side), 100 * (1 - side) / side) for side in (over, under)
            ]
            night = np.arange(n) // per_night
            parts.append(
                pd.DataFrame(
                    {
                        "game_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(night, unit="D"),
                        "game_id": [f"00223{value:05d}" for value in np.arange(n) // 5],
                        "player_id": np.arange(n) % per_night,
                        "market": "pts",
                        "bookmaker": book,
                        "line": line,
                        "over_price": np.where(np.abs(american[0]) < 100, 100.0, np.round(american[0])),
                        "under_price": np.where(np.abs(american[1]) < 100, 100.0, np.round(american[1])),
                        "observed_at": pd.Timestamp("2024-01-01 22:00", tz="UTC") + pd.to_timedelta(night, unit="D"),
                        "event_id": "e",
                        "actual": actual,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    return build
