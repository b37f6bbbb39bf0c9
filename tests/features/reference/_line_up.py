"""Tier 2: who is out tonight and what that leaves to the others, player-game by player-game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection

PARTS = ["min", "pts", "reb", "ast"]
FORM = ["min", "pts", "reb", "ast", "pra"]
SHARE = [*(f"available_{part}" for part in PARTS[1:]), *(f"scaled_{part}" for part in [*PARTS[1:], "pra"])]


def line_up(g: pd.DataFrame, *, stand_in: bool, reported: dict[tuple[str, Any], Collection[int]]) -> pd.DataFrame:
    """All columns of the line-up groups; `reported` lists who is out by team and date."""
    g = g.assign(share=240.0 * g["min"] / g.groupby(["team", "game_date", "opponent"])["min"].transform("sum"))
    after = states(g)
    rows: dict[int, dict[str, float]] = {}
    for team, own in g.groupby("team"):
        sides = [set(night["player_id"]) for _, night in own.groupby("game_date")]
        done = 0
        for season, block in own.groupby("season"):
            rows |= team_season(block, team, season, after, stand_in, reported, sides[:done])
            done += block["game_date"].nunique()
    out = pd.DataFrame.from_dict(rows, orient="index").reindex(g.index)
    context = [name for name in out if not name.startswith(("form_", "role_form_")) and name not in SHARE]
    shifted = out.groupby(g["player_id"])[context].shift(1)
    usual = shifted.groupby(g["player_id"]).ewm(halflife=3).mean().droplevel(0).sort_index()
    return out.join((out[context] - usual).add_suffix("_change"))


def states(g: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Of each player, by date, what is expected of him after the game of that date."""
    out = {}
    for player, own in g.groupby("player_id"):
        short, long = own["share"].ewm(halflife=3).mean(), own["share"].ewm(halflife=8).mean()
        mean = own.groupby("season")["share"].expanding().mean().droplevel(0)
        table = own[PARTS[1:]].ewm(halflife=8).mean()
        table = table.assign(short=short, long=long, mean=mean, team=own["team"], season=own["season"])
        out[player] = table.set_index(own["game_date"])
    return out


def state(after: dict[int, pd.DataFrame], player: int, day: pd.Timestamp, season: str) -> dict[str, Any] | None:
    """What is known of a player before a date; None before his first game."""
    table = after[player]
    place = table.index.searchsorted(day) - 1
    if place < 0:
        return None
    last = table.iloc[place]
    this = last["season"] == season
    return {
        "min": 0.6 * last["short"] + 0.4 * (last["mean"] if this else last["short"]),
        "long_run": 0.5 * last["long"] + 0.5 * (last["mean"] if this else last["long"]),
        **{part: last[part] for part in PARTS[1:]},
        "team": last["team"],
    }


def team_season(block, team, season, after, stand_in, reported, old) -> dict[int, dict[str, float]]:
    """The columns of one team's season, by row."""
    nights = [(day, rows) for day, rows in block.groupby("game_date")]
    sides = [set(rows["player_id"]) for _, rows in nights]
    values = [rows.set_index("player_id")[["share", *FORM[1:]]] for _, rows in nights]
    everybody = sorted(set(block["player_id"]).union(*old[-20:]))
    produced = np.array([rows[PARTS[1:]].sum() for _, rows in nights])
    tonight: list[dict[int, dict[str, Any] | None]] = []
    out: dict[int, dict[str, float]] = {}
    for place, (day, rows) in enumerate(nights):
        known = {player: state(after, player, day, season) for player in everybody}
        here = {player: now for player, now in known.items() if now is not None and now["team"] == team}
        past = old + sides[:place]
        last = sides[place - 1] if place else set().union(*past[-10:])
        regulars = {player for player, now in here.items() if now["long_run"] >= 20.0 and often(player, past)}
        if stand_in:
            missing = regulars - sides[place]
        elif (team, day) in reported:
            missing = regulars & set(reported[team, day])
        else:
            missing = regulars - last
        there = (regulars - missing) | {player for player in here if player in last and player not in regulars}
        weights = [
            np.exp(-differences(here, there, sides[earlier]) / 35.0) * 0.5 ** ((place - earlier) / 15.0)
            for earlier in range(place)
        ]
        tonight.append(known)
        mean = produced[:place].mean(axis=0) if place else np.full(3, np.nan)
        for row, player in zip(rows.index, rows["player_id"], strict=True):
            own = form(player, sides[:place], values, weights) | share(player, known, there, past, mean)
            own |= role_form(player, here, there, sides[:place], values, tonight)
            out[row] = own | context(player, known, regulars, missing, last, there, past)
    return out


def often(player: int, sides: list[set[int]]) -> bool:
    ten = sum(player in side for side in sides[-10:])
    twenty = sum(player in side for side in sides[-20:])
    return twenty >= 3 and ten + (twenty >= 6) >= 3


def differences(here, there, side) -> float:
    """Long-run minutes of everybody in one of the line-ups and not in the other."""
    return sum(
        now["long_run"]
        for player, now in here.items()
        if now["long_run"] >= 20.0 and (player in there) != (player in side)
    )


def form(player, sides, values, weights) -> dict[str, float]:
    mine = [
        (weight, value.loc[player])
        for weight, side, value in zip(weights, sides, values, strict=False)
        if player in side
    ]
    total = sum(weight for weight, _ in mine)
    names = zip(FORM, ["share", *FORM[1:]], strict=True)
    return {f"form_{name}": sum(w * v[column] for w, v in mine) / total if mine else np.nan for name, column in names}


def context(player, known, regulars, missing, last, there, past) -> dict[str, float]:
    me = known[player]
    sets = {"out": missing, "newly_out": missing & last, "back": (there & regulars) - last}
    others = {name: [known[other] for other in sorted(who - {player})] for name, who in sets.items()}
    beside = [known[other] for other in sorted(there - {player})]
    none = me is None or not past or not me["min"] > 0.0
    me = me or dict.fromkeys(PARTS, np.nan)
    out = {f"{name}_{part}": sum(now[part] for now in who) for name, who in others.items() for part in PARTS}
    minutes = sum(now["min"] for now in beside)
    fifth = sorted((now["min"] for now in beside), reverse=True)
    out |= {
        "available_min": minutes,
        "scaled_min": 240.0 * me["min"] / (me["min"] + minutes) if me["min"] + minutes > 0 else np.nan,
        "min_above": sum(now["min"] for now in beside if now["min"] > me["min"] + 1e-9),
        **{f"available_rank_{part}": 1.0 + sum(now[part] > me[part] + 1e-9 for now in beside) for part in PARTS},
        "min_over_fifth": me["min"] - (fifth[4] if len(fifth) > 4 else 0.0),
        "out_overlap": sum(
            now["min"] * np.exp(-(((role(me) - role(now)) / 0.2) ** 2))
            for now in others["out"]
            if np.isfinite(role(me) - role(now))
        ),
    }
    return dict.fromkeys(out, np.nan) if none else out


def share(player, known, there, past, mean) -> dict[str, float]:
    """What the others who are there produce, and his part of the team's mean if all of them share it."""
    me = known[player]
    if me is None or not past or not me["min"] > 0.0:
        return dict.fromkeys(SHARE, np.nan)
    others = [sum(known[other][part] for other in there - {player}) for part in PARTS[1:]]
    all_there = [me[part] + other for part, other in zip(PARTS[1:], others, strict=True)]
    parts = [me[part] / total if total > 0 else np.nan for part, total in zip(PARTS[1:], all_there, strict=True)]
    scaled = [part * team for part, team in zip(parts, mean, strict=True)]
    return dict(zip(SHARE, [*others, *scaled, sum(scaled)], strict=True))


def role_form(player, here, there, sides, values, tonight) -> dict[str, float]:
    """Minutes, and what was beyond expectation, in his games whose line-up was alike in his role."""
    names = ["role_form_min", "role_form_games", *(f"role_form_beyond_{part}" for part in PARTS)]
    me = tonight[-1][player]
    if me is None or not me["min"] > 0.0 or not any(player in side for side in sides):
        return dict.fromkeys(names, np.nan)
    counts = {}
    for mate, now in here.items():
        gap = role(me) - role(now)
        alike = np.exp(-((gap / 0.2) ** 2)) if np.isfinite(gap) else 0.0
        if mate != player and now["long_run"] >= 20.0:
            counts[mate] = np.round((0.25 + alike) * now["long_run"] * 1024) / 1024
    total, beyond, counted, minutes = 0.0, np.zeros(4), 0.0, 0.0
    for earlier, side in enumerate(sides):
        if player not in side:
            continue
        differ = sum(count for mate, count in counts.items() if (mate in there) != (mate in side))
        weight = np.exp(-differ / 20.0) * 0.5 ** ((len(sides) - earlier) / 40.0)
        box = values[earlier].loc[player]
        total += weight
        minutes += weight * box["share"]
        then = tonight[earlier][player]
        if then is not None and then["min"] > 0.0:
            counted += weight
            beyond += weight * np.array([box["share" if part == "min" else part] - then[part] for part in PARTS])
    return dict(zip(names, [minutes / total, total, *(beyond / (counted + 1.0))], strict=True))


def role(now) -> float:
    return now["reb"] / (now["reb"] + 1.6 * now["ast"]) if now["reb"] + now["ast"] > 0 else np.nan
