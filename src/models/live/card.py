"""The card of a night: what each model expects of every prop, and which bets its rule makes at the prices on offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from models.identity import short_hash
from nba_props.betting import closing_quotes, consensus, decimal_to_american, decision_quotes
from nba_props.betting.candidates import bets_by_rule, candidate_bets
from nba_props.betting.frames import PROP_GROUP
from nba_props.errors import ConfigError
from nba_props.evaluation.market import line_quotes
from nba_props.metrics.definitions import given_no_push
from nba_props.probability.by_fold import PROBABILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.live.slate import Slate
    from models.logged.prop_forecast import PropForecast

VIG: Final = "power"
MAX_AGE_HOURS: Final = 12.0
"""A price last seen longer than this before the decision counts as gone."""
LATEST: Final = "latest"
"""Decision: what is on offer at the decision time."""

PROP_COLUMNS: Final = [
    "market", "player_id", "player_name", "team", "opponent", "home", "game_id", "game_date", "projection",
    "projection_model", "low_50", "high_50", "low_80", "high_80", "line", "n_books", *PROBABILITIES,
    "p_over_uncalibrated", "p_push_uncalibrated", "p_under_uncalibrated", "chance", "mean_minutes", "market_p_over",
    "fair_over", "fair_under", "side", "bookmaker", "best_line", "price", "decimal_odds", "p", "edge", "ev", "stake",
    "reasons", "out", "warning",
]  # fmt: skip
"""Columns of `Card.props`, in order: `projection` to `high_80` in stat units (``projection_model`` differs only for a
blend with the market), ``chance`` P(over | no push), prices American."""


@dataclass(frozen=True)
class ModelInUse:
    """A registered version with its loaded forecast."""

    name: str
    version: int
    stage: str
    run_id: str
    forecast: PropForecast


@dataclass(frozen=True)
class Card:
    """Everything that is forecast of a night before it is played.

    Attributes:
        models: Market to the model used.
        decision: "open", "close" or "latest".
        decision_time: When prices were looked at (UTC); for "open" and "close" the newest price that counted.
        props: One row per prop and per player without a line, best bet first; columns `PROP_COLUMNS`.
        bets: Chosen bets, as `chosen_bets` gives them, with ``stake`` (units).
        night: What the bets can win or lose: quantiles, risk of ruin (`nba_props.betting.night`); empty without bets.
        warnings: A line each.
    """

    slate: Slate
    models: Mapping[str, ModelInUse]
    decision: str
    decision_time: pd.Timestamp | None
    props: pd.DataFrame
    bets: pd.DataFrame
    night: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def date(self) -> pd.Timestamp:
        """The night."""
        return self.slate.date

    @property
    def in_sample(self) -> bool:
        """Whether a model has seen the night's results in training: then this is not a forecast."""
        return any(model.forecast.trained_until >= self.date for model in self.models.values())

    @property
    def key(self) -> str:
        """Short hash of everything the card says: the same models, lines and history give the same card."""
        content = {
            "models": {market: [model.name, model.version] for market, model in sorted(self.models.items())},
            "decision": self.decision,
            "lines": self.slate.quotes_fingerprint,
            "history": self.slate.fingerprint,
            "stakes": np.asarray(self.bets["stake"], dtype="float64").round(9).tolist() if len(self.bets) else [],
            "props": pd.util.hash_pandas_object(self.props.astype(str), index=False).sum().item(),
        }
        return short_hash(content)


def make_card(
    slate: Slate,
    models: Mapping[str, ModelInUse],
    *,
    decision: str = LATEST,
    at: pd.Timestamp | None = None,
    settled: Mapping[str, pd.DataFrame] | None = None,
) -> Card:
    """The card of a slate, with flat stakes of one unit.

    Args:
        slate: The night.
        models: Market to model.
        decision: "rule" (each model's own: as in its walk-forward), "open", "close", or "latest": what is on offer
            `at`.
        at: Decision time (UTC) for "latest": no later price is seen. The newest price by default.
        settled: Market to the props that this version of the model has settled since its training, columns `SETTLED`.

    Raises:
        ConfigError: The decision is unknown.
        DataError: A feature of a model is missing.
    """
    if decision not in {"rule", "open", "close", LATEST}:
        message = f"decision is {decision!r}; allowed: rule, open, close, {LATEST}."
        raise ConfigError(message)
    parts = [
        _market(slate, model, decision, at, (settled or {}).get(market)) for market, model in sorted(models.items())
    ]
    props = pd.concat([part.props for part in parts], ignore_index=True)
    bets = [part.bets for part in parts if len(part.bets)]
    props = props.sort_values(
        ["stake", "ev", "projection", "player_id", "market"], ascending=[False, False, False, True, True],
        na_position="last", kind="stable", ignore_index=True,
    )  # fmt: skip
    seen = [part.newest for part in parts if part.newest is not None]
    return Card(
        slate=slate,
        models=models,
        decision=decision,
        decision_time=at if at is not None else max(seen, default=None),
        props=props[PROP_COLUMNS],
        bets=pd.concat(bets, ignore_index=True) if bets else parts[0].bets,
        warnings=(*slate.warnings, *(text for part in parts for text in part.warnings)),
    )


@dataclass(frozen=True)
class _Part:
    props: pd.DataFrame
    bets: pd.DataFrame
    newest: pd.Timestamp | None
    warnings: Sequence[str]


def _market(
    slate: Slate, model: ModelInUse, decision: str, at: pd.Timestamp | None, settled: pd.DataFrame | None
) -> _Part:
    """One market of the card."""
    forecast = model.forecast
    players = _projections(slate, forecast)
    quotes = slate.quotes_of(forecast.market)
    reasons = quotes.pop("reason")
    quotes = quotes.drop(columns="actual")
    good = _on_offer(quotes[reasons == ""].reset_index(drop=True), forecast, decision, at)
    lines = consensus(_on_offer(line_quotes(quotes, reasons), forecast, decision, at), VIG)
    raw = forecast.at(with_projections(lines, players))
    calibrated = forecast.calibrated(raw, settled)
    calibrated["projection"] = forecast.blended(calibrated, good, settled)
    priced = forecast.offered(good, calibrated)
    rule = forecast.rule.strategy()
    bets = bets_by_rule(priced, [rule])[rule.rule].assign(stake=1.0)
    props = _props(players, calibrated, raw, _best(priced, bets), forecast)
    unseen = int((~slate.met).sum())
    warnings = (
        [f"{forecast.market}: {unseen} players have no earlier game this season and no forecast"] if unseen else []
    )
    left_out = int((reasons != "").sum())
    warnings += [f"{forecast.market}: {left_out} of {len(reasons)} prices left out as unsound"] if left_out else []
    if forecast.trained_until >= slate.date:
        warnings.insert(
            0, f"{forecast.market}: trained until {forecast.trained_until.date()}, this night included: no forecast"
        )
    newest = good["observed_at"].max() if len(good) else None
    return _Part(props, bets, newest, warnings)


def _on_offer(quotes: pd.DataFrame, forecast: PropForecast, decision: str, at: pd.Timestamp | None) -> pd.DataFrame:
    if decision == LATEST:
        now = quotes["observed_at"].max() if at is None else at
        standing = quotes["observed_at"].between(now - pd.Timedelta(hours=MAX_AGE_HOURS), now)
        return decision_quotes(quotes[standing].reset_index(drop=True), "close")
    if decision == "rule":
        return decision_quotes(quotes, forecast.rule.decision)
    return decision_quotes(quotes, "open" if decision == "open" else "close")


def _projections(slate: Slate, forecast: PropForecast) -> pd.DataFrame:
    """The players who have a forecast, with the model's own projection and its reasons."""
    met = slate.met.to_numpy()
    players = slate.players[met].reset_index(drop=True)
    minutes = slate.mean_minutes[met].to_numpy("float64")
    projection = forecast.project(slate.features[met])
    said = forecast.reasons(slate.features[met])
    return players.assign(predicted=projection, mean_minutes=minutes, reasons=said)


def with_projections(lines: pd.DataFrame, players: pd.DataFrame) -> pd.DataFrame:
    """Lines with the projection of their player; NaN where there is none."""
    keys = ["game_id", "player_id"]
    known = lines[keys].merge(players[[*keys, "predicted", "mean_minutes"]], how="left", on=keys, validate="m:1")
    return lines.assign(predicted=known["predicted"].to_numpy(), mean_minutes=known["mean_minutes"].to_numpy())


def _best(priced: pd.DataFrame, bets: pd.DataFrame) -> pd.DataFrame:
    """The bet of each prop, or where there is none the side, line and price of the highest expected value."""
    sides = candidate_bets(priced, VIG)
    sides = sides[sides["ev"].notna()].sort_values(["ev", "decimal_odds"], ascending=False, kind="stable")
    best = pd.concat([bets, sides.assign(stake=0.0)] if len(bets) else [sides.assign(stake=0.0)], ignore_index=True)
    return best.drop_duplicates(PROP_GROUP)


def _props(
    players: pd.DataFrame, lines: pd.DataFrame, raw: pd.DataFrame, best: pd.DataFrame, forecast: PropForecast
) -> pd.DataFrame:
    """One row per prop, and one per player without a line."""
    keys, moved = ["game_id", "player_id"], ["location", "scale", "anchor"]
    named = lines[[*keys, "line", "n_books", "market_p_over", "chance", "projection", *moved, *PROBABILITIES]].assign(
        **{f"{name}_uncalibrated": raw[name].to_numpy() for name in PROBABILITIES}
    )
    chosen = best.rename(columns={"line": "best_line"})[
        [*keys, "side", "bookmaker", "best_line", "price", "decimal_odds", "p", "edge", "ev", "stake"]
    ]
    table = players.merge(named, how="left", on=keys, validate="1:1")
    table = table.merge(chosen, how="left", on=keys, validate="1:1").join(forecast.ranges(table))
    decided = (table["p_over"] + table["p_under"]).to_numpy("float64")
    fair_over = decided / table["p_over"].to_numpy("float64")
    fair_under = decided / table["p_under"].to_numpy("float64")
    one_book = np.where(table["n_books"] == 1, "one book only", "")
    return table.assign(
        market=forecast.market,
        projection=table["projection"].fillna(table["predicted"]),
        projection_model=table["predicted"],
        stake=table["stake"].fillna(0.0),
        fair_over=_american(fair_over),
        fair_under=_american(fair_under),
        out="",
        warning=one_book,
    )


def _american(decimal: np.ndarray) -> np.ndarray:
    """American prices, whole numbers; NaN where there is no probability, or one of 0 or 1."""
    sound = np.isfinite(decimal) & (decimal > 1.0 + 1e-6)
    prices = np.full(len(decimal), np.nan)
    prices[sound] = np.rint(decimal_to_american(decimal[sound]))
    return prices


def lines_of(props: pd.DataFrame, forecast: PropForecast) -> pd.DataFrame:
    """What the settled props of one market with a line and a forecast teach the model that made them.

    The columns are those of `PropForecast.learned`.
    """
    known = props[props["line"].notna() & props["p_over_uncalibrated"].notna()]
    given = pd.DataFrame({name: known[f"{name}_uncalibrated"] for name in PROBABILITIES})
    own = known["projection_model" if "projection_model" in known else "projection"]
    given = known.assign(predicted=own, chance_uncalibrated=given_no_push(given))
    return forecast.learned(given.sort_values(["game_date", *PROP_GROUP], kind="stable", ignore_index=True))


def close_of(quotes: pd.DataFrame) -> pd.DataFrame:
    """The closing lines of good quotes, one row per prop: ``game_id``, ``player_id``, ``market``, ``closing_line``."""
    closing = consensus(closing_quotes(quotes), VIG).rename(columns={"median_line": "closing_line"})
    return closing[[*PROP_GROUP, "closing_line"]]
