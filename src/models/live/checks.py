"""What a card refuses, each with the fix: no card is better than one made from the wrong inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mlflow_integration.stages.rules import Stage
from models.line_ups import REPORTED
from models.live.card import ModelInUse
from models.live.slate import eastern_days
from models.logged.prop_forecast import PropForecast
from nba_props.data.availability.join import season_of
from nba_props.errors import ConfigError, DataError, ModelError, UnknownModelError
from nba_props.features import AVAILABILITY_GROUPS, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_integration import ModelRegistry
    from models.live.slate import Slate

_SHOWN: Final = 5


def model_name(market: str, kind: str) -> str:
    """Registered name of a market's model; one of the simulated league has its own.

    >>> model_name("pra", "real"), model_name("pra", "SIMULATED")
    ('NBAProps_pra', 'NBAProps_pra_SIMULATED')
    """
    return f"NBAProps_{market}{'_SIMULATED' if kind == 'SIMULATED' else ''}"


def models_in_use(
    registry: ModelRegistry, markets: Sequence[str], kind: str, stage: str = Stage.PRODUCTION.value
) -> dict[str, ModelInUse]:
    """The holder of `stage` for each market, loaded and verified.

    Raises:
        UnknownModelError: No version holds the stage; the message names those that stand elsewhere.
        ModelError: A model of the simulated league for real data, one without a distribution, or one of which this code
            makes other numbers.
    """
    found, table = {}, registry.list_models()
    for market in markets:
        name = model_name(market, kind)
        version = _holder(table, name, stage)
        info = registry.get_model_info(name, version)
        tagged = info.tags.get("data_kind", kind)
        if tagged != kind:
            message = (
                f"{name} version {version} was trained on {tagged} data and these are {kind}: train one on real box "
                "scores with train_model.py --data."
            )
            raise ModelError(message)
        loaded = registry.load_model(name, version)
        try:
            forecast = loaded.get_raw_model()
        except NotImplementedError:
            forecast = None
        if not isinstance(forecast, PropForecast):
            message = (
                f"{name} version {version} has no distribution: it was logged by an older version. Train it again."
            )
            raise ModelError(message)
        if forecast.data_kind != kind:
            message = (
                f"{name} version {version} is a model of {forecast.data_kind} data and these are {kind}: train one on "
                "real box scores with train_model.py --data."
            )
            raise ModelError(message)
        found[market] = ModelInUse(name, version, stage, info.run_id, forecast)
    return found


def _holder(table: pd.DataFrame, name: str, stage: str) -> int:
    """Version that holds a stage, in the table of all versions; UnknownModelError where none does."""
    mine = table[table["model"] == name] if len(table) else table
    held = mine[mine["stage"] == stage] if len(mine) else mine
    if len(held):
        return int(held["version"].iloc[0])
    staging = (
        [] if mine.empty or stage == Stage.STAGING.value else mine.loc[mine["stage"] == "Staging", "version"].tolist()
    )
    if staging:
        hint = (
            f" Version {staging[0]} is in Staging: compare_experiments.py promote {name} {staging[0]}, or make its "
            "shadow card with --stage Staging."
        )
    elif len(mine):
        none = f" None of its versions ({len(mine)}) is"
        hint = (
            f"{none}: compare_experiments.py models shows what their gates say; name the other markets with --market."
        )
    else:
        others = sorted(set(table["model"])) if len(table) else []
        hint = f" There is no such model; registered: {', '.join(others) or 'none'}. train_model.py makes one."
    message = f"{name} has no version in {stage}.{hint}"
    raise UnknownModelError(message)


def check_features(forecast: PropForecast, games: pd.DataFrame, features: pd.DataFrame) -> None:
    """Refuse a model that was trained on feature values other than those this code builds for the same rows.

    `games` holds ``game_id`` and ``player_id`` of each row of `features`. The model remembers every value of some
    training rows. A row or two may differ (a box score was corrected since); most of them differing means other code or
    other data.

    Raises:
        ModelError: Features are missing, or most remembered rows have other values.
    """
    missing = [name for name in forecast.features if name not in features]
    if missing:
        message = (
            f"The {forecast.market} model uses {len(missing)} features that this code does not build "
            f"({', '.join(missing[:_SHOWN])}): train it again."
        )
        raise ModelError(message)
    probes = forecast.probes
    if probes is None or probes.empty:
        return
    keys = ["game_id", "player_id"]
    place = pd.MultiIndex.from_frame(games[keys]).get_indexer(pd.MultiIndex.from_frame(probes[keys]))
    known = place >= 0
    if not known.any():
        return
    names = list(forecast.features)
    ours = features[names].to_numpy("float32")[place[known]]
    theirs = probes.loc[known, names].to_numpy("float32")
    differs = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
    rows = int(differs.any(axis=1).sum())
    if 2 * rows > int(known.sum()):
        worst = [
            names[each] for each in np.argsort(-differs.sum(axis=0), kind="stable")[:_SHOWN] if differs[:, each].any()
        ]
        message = (
            f"The {forecast.market} model was trained on other values of {', '.join(worst)} than this code builds of "
            f"the same games ({rows} of {int(known.sum())} rows compared differ): train it again, or give the box "
            "scores and the injury reports it was trained on."
        )
        raise ModelError(message)


def check_reports(models: Mapping[str, ModelInUse], *, reported: bool) -> bool:
    """Whether the features of these models know what injury reports say, as in their training.

    Where they do not, reports stand on the card and change no projection.

    Raises:
        ModelError: A model was trained with reports and there are none, or only some of the models were.
    """
    line_up = {feature.name for feature in catalogue() if feature.group in AVAILABILITY_GROUPS}
    known = {
        market: model.forecast.availability
        for market, model in models.items()
        if line_up & set(model.forecast.features)
    }
    told = [market for market, how in known.items() if how == REPORTED]
    if told and not reported:
        message = (
            f"The models of {', '.join(told)} were trained with injury reports, and there are none: give them with "
            "--availability, or train without."
        )
        raise ModelError(message)
    others = [market for market, how in known.items() if how not in {REPORTED, ""}]
    if told and others:
        message = (
            f"The models of {', '.join(told)} were trained with injury reports, those of {', '.join(others)} without: "
            "make one card per --market."
        )
        raise ModelError(message)
    return not others


def missing_nights(
    games: pd.DataFrame,
    odds: pd.DataFrame,
    date: pd.Timestamp,
    idle: Sequence[pd.Timestamp] = (),
    fixtures: pd.DataFrame | None = None,
) -> list[pd.Timestamp]:
    """Nights before `date` that seem to have been played but have no game in the box scores.

    They are those that have lines, and, where the log ends before `date`, every day since its last night: on most days
    there are games. Where fixtures cover those days, only the days they have a game on. Days in `idle` are known to be
    without games.
    """
    season = season_of(pd.Series([date]))[0]
    nights = games.loc[(games["season"] == season) & (games["game_date"] < date), "game_date"]
    if nights.empty:
        return []
    held, first, last = set(nights), nights.min(), nights.max()
    days = eastern_days(odds)
    lined = days[(days >= first) & (days < date)].drop_duplicates()
    if (games["game_date"] >= date).any():  # a day without games inside the log is one that was not played
        return sorted(set(lined) - held - set(idle))
    between = set(pd.date_range(last + pd.Timedelta(days=1), date - pd.Timedelta(days=1)))
    if fixtures is not None and len(fixtures):
        told = set(fixtures["game_date"].dropna())
        between = {day for day in between if day in told or not min(told) <= day <= max(told)}
    return sorted({*lined, *between} - held - set(idle))


def check_nights(
    games: pd.DataFrame,
    odds: pd.DataFrame,
    date: pd.Timestamp,
    idle: Sequence[pd.Timestamp] = (),
    fixtures: pd.DataFrame | None = None,
) -> None:
    """Refuse box scores that lack nights already played.

    Raises:
        DataError: Naming the nights.
    """
    missing = missing_nights(games, odds, date, idle, fixtures)
    if missing:
        named = ", ".join(f"{night:%Y-%m-%d}" for night in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise DataError(
            "the box scores",  # noqa: EM101 - the table's name
            f"no game of {named}{more}, before the card's night {date:%Y-%m-%d}",
            fix="Fetch the box scores of these nights; if no game was played, say so with --no-games DAY.",
        )


def check_lines(slate: Slate, at: pd.Timestamp, max_age_hours: float) -> None:
    """Refuse lines that are too old at the decision time.

    Raises:
        ConfigError: The limit is not positive.
        DataError: The newest line is older, or there is none.
    """
    if not max_age_hours > 0:
        message = f"--max-age is {max_age_hours:g}; it must be more than 0 hours."
        raise ConfigError(message)
    seen = slate.quotes.loc[slate.quotes["observed_at"] <= at, "observed_at"]
    if seen.empty:
        raise DataError(
            slate.source,
            f"no line on {slate.date:%Y-%m-%d} that was seen by {at:%Y-%m-%d %H:%M} UTC",
            fix="Give the lines of that night with --odds.",
        )
    age = (at - seen.max()).total_seconds() / 3600.0
    if age > max_age_hours:
        raise DataError(
            slate.source,
            f"the newest line is of {seen.max():%Y-%m-%d %H:%M} UTC, {age:.1f} hours before the decision at "
            f"{at:%Y-%m-%d %H:%M} UTC; the limit is {max_age_hours:g}",
            fix="Fetch the lines again, allow older ones with --max-age HOURS, or decide at another time with --at.",
        )
