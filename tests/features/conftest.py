"""A tiny random league, the slow reference, and the check that nothing looks ahead."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nba_props.features import build_features

HERE = Path(__file__).resolve().parent
TEAMS = ("BOS", "DEN", "LAL", "MIA", "NYK", "UTA")
STATS = (
    "min", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "reb", "ast", "stl", "blk", "tov", "pf", "pts",
    "plus_minus",
)  # fmt: skip


def box_score(rng, minutes):
    """Random box scores that add up, in the columns of the contract."""
    fg3a = rng.poisson(minutes / 9)
    fg2a = rng.poisson(minutes / 5)
    fg3m, fg2m = rng.binomial(fg3a, 0.36), rng.binomial(fg2a, 0.52)
    fta = rng.poisson(minutes / 12)
    ftm = rng.binomial(fta, 0.78)
    oreb, dreb = rng.poisson(minutes / 30), rng.poisson(minutes / 9)
    box = {
        "min": minutes, "fgm": fg2m + fg3m, "fga": fg2a + fg3a, "fg3m": fg3m, "fg3a": fg3a, "ftm": ftm, "fta": fta,
        "oreb": oreb, "dreb": dreb, "reb": oreb + dreb, "ast": rng.poisson(minutes / 10),
        "stl": rng.poisson(minutes / 40), "blk": rng.poisson(minutes / 60), "tov": rng.poisson(minutes / 20),
        "pf": rng.poisson(minutes / 12), "pts": 2 * fg2m + 3 * fg3m + ftm, "plus_minus": rng.poisson(5, len(minutes)),
    }  # fmt: skip
    return pd.DataFrame(box).astype("float64")


def team_rows(rng, facts, roster, fractional):
    players = rng.choice(roster, size=rng.integers(6, len(roster)), replace=False)
    minutes = rng.integers(0, 44, len(players)).astype(float)
    if fractional:
        minutes = np.round(minutes + rng.random(len(players)), 2)
    who = {"player_id": players, "player_name": [f"Player {player}" for player in players]}
    return pd.concat([pd.DataFrame(facts | who), box_score(rng, minutes)], axis=1)


def random_league(seed, *, teams=4, seasons=2, dates=9, fractional=False):
    """Player-games in the columns and the order of the contract: trades, absences, rookies, games of zero minutes."""
    rng = np.random.default_rng(seed)
    names = list(rng.choice(TEAMS, size=teams, replace=False))
    rosters = {team: list(range(100 * place, 100 * place + 9)) for place, team in enumerate(names)}
    rows, game = [], 0
    for year in range(2021, 2021 + seasons):
        season, day = f"{year}-{(year + 1) % 100:02d}", pd.Timestamp(year, 10, 20)
        for _ in range(dates):
            day += pd.Timedelta(days=int(rng.integers(1, 5)))
            playing = list(rng.permutation(names)[: 2 * int(rng.integers(1, teams // 2 + 1))])
            for home, away in zip(playing[::2], playing[1::2], strict=True):
                game += 1
                for team, opponent in ((home, away), (away, home)):
                    facts = {"season": season, "game_id": f"{game:010d}", "game_date": day, "team": team,
                             "opponent": opponent, "home": team == home, "won": team == home}  # fmt: skip
                    rows.append(team_rows(rng, facts, rosters[team], fractional))
            if rng.random() < 0.3:
                old, new = rng.permutation(names)[:2]
                rosters[new].append(rosters[old].pop(int(rng.integers(len(rosters[old])))))
                rosters[old].append(1000 + game)
    league = pd.concat(rows, ignore_index=True).astype({"player_id": "int64"})
    league["game_date"] = league["game_date"].astype("datetime64[us]")
    return league.sort_values(["game_date", "game_id", "team", "player_id"], ignore_index=True)


def solo_games(points):
    """Games of player 1 of BOS at home to LAL, every second day: {season: points per game}; all else is zero."""
    rows = []
    for season, values in points.items():
        for place, value in enumerate(values):
            day = pd.Timestamp(int(season[:4]), 10, 20) + pd.Timedelta(days=2 * place)
            facts = {"season": season, "game_id": f"{len(rows):010d}", "game_date": day, "player_id": 1,
                     "player_name": "One", "team": "BOS", "opponent": "LAL", "home": True, "won": True}  # fmt: skip
            rows.append(facts | dict.fromkeys(STATS, 0.0) | {"pts": float(value)})
    return pd.DataFrame(rows)


def differing(known, other):
    """Names of the columns of `known` that are not the same to the last bit in `other` (rows matched by index)."""
    left, right = known.to_numpy(), other.reindex(known.index)[list(known.columns)].to_numpy()
    same = (left.view(np.int64) == right.view(np.int64)) | (np.isnan(left) & np.isnan(right))
    return {str(name) for name, fine in zip(known.columns, same.all(axis=0), strict=True) if not fine}


def futures(games, day, rng):
    """The same past with other futures: from `day` on box scores are random, rows are gone, the order is another."""
    late = (games["game_date"] >= day).to_numpy()
    perturbed = games.copy()
    perturbed.loc[late, list(STATS)] = rng.normal(20.0, 50.0, (int(late.sum()), len(STATS)))
    perturbed.loc[late, "won"] = rng.random(int(late.sum())) < 0.5
    tonight = (games["game_date"] == day).to_numpy()
    gone = (games["game_date"] > day).to_numpy() | (tonight & (rng.random(len(games)) < rng.random()))
    deleted = games[~gone]
    return {
        "perturbed": perturbed,
        "deleted": deleted,
        "shuffled": games.sample(frac=1.0, random_state=int(rng.integers(2**31))),
        "all at once": perturbed[~gone].sample(frac=1.0, random_state=int(rng.integers(2**31))),
    }


@pytest.fixture(scope="session")
def league():
    return random_league


@pytest.fixture(scope="session")
def solo():
    return solo_games


@pytest.fixture(scope="session")
def leaks():
    """(games, day, seed) -> {change: features of games up to `day` that noticed it}; empty when nothing looks ahead."""

    def check(games, day, seed):
        known = build_features(games)
        known = known[(games["game_date"] <= day).to_numpy()]
        found = {}
        for change, other in futures(games, day, np.random.default_rng(seed)).items():
            seen = build_features(other)
            noticed = differing(known.loc[known.index.isin(seen.index)], seen)
            if noticed:
                found[change] = noticed
        return found

    return check


def load_reference():
    """The straightforward pandas version of all features."""
    sys.path.insert(0, str(HERE))
    try:
        return importlib.import_module("reference").reference_features
    finally:
        sys.path.remove(str(HERE))


@pytest.fixture(scope="session")
def reference():
    return load_reference()
