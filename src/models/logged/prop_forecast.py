"""The whole forecast of one market: estimator, distribution, calibrator and betting rule as one frozen object.

It is what a training run logs and registers, and what makes a card. Everything a probability depends on is in it as
data: the out-of-sample predictions that the distribution is fitted on, and the settled props that the calibrator learns
from. Both are fitted again where the forecast is loaded, so nothing but numbers is stored, and `verify` checks that
this code still makes the same probabilities from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np
import pandas as pd
from scipy.special import ndtri

from nba_props.betting import BettingConfig
from nba_props.betting.market.implied import ImpliedSigma
from nba_props.config import MARKET_BLEND
from nba_props.errors import DataError, ModelError
from nba_props.evaluation.pricing import blended_projections, walk_forward_implied
from nba_props.features import feature_families, feature_texts
from nba_props.forecast.reasons import Explain, reasons
from nba_props.metrics.definitions import given_no_push
from nba_props.probability import CALIBRATORS, DISTRIBUTIONS, minutes_tier, walk_forward_calibration
from nba_props.probability.blend import walk_forward_blend
from nba_props.probability.by_fold import PROBABILITIES, FrozenDistribution
from nba_props.probability.calibrators import over_results
from nba_props.probability.spread import SCALES, scale_scores, walk_forward_scale
from nba_props.version import code_version

if TYPE_CHECKING:
    from nba_props.arrays import Floats
    from nba_props.probability import PredictiveDistribution

PAST: Final = ["game_date", "game_id", "player_id", "team", "actual", "predicted", "mean_minutes"]
"""Columns of `PropForecast.past`: one row per out-of-sample prediction."""

SCORES: Final = [f"score_{number}" for number in range(len(SCALES))]
"""The last columns of `SETTLED`."""
SETTLED: Final = ["game_date", "line", "actual", "market_p_over", "chance_uncalibrated", *SCORES]
"""Columns of `PropForecast.settled`: one row per settled prop, the market's P(over | no push), the one the distribution
gives, and the score of the result at each scale of the calibrated distribution
(`nba_props.probability.spread.scale_scores`)."""

MINUTES: Final = "mean_minutes"
LINE: Final = "line"
MARKET: Final = "market_p_over"

_MINUTES_FEATURE: Final = "min_season_mean"
_RANGES: Final = (0.5, 0.8)


class Predicts(Protocol):
    """A fitted forecaster."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Forecasts (n, stat units)."""


@dataclass(frozen=True)
class BettingRule:
    """What is bet with a forecast; see `nba_props.config.TrainerConfig`."""

    decision: Literal["open", "close"]
    min_edge: float
    max_odds: float
    kelly_fraction: float

    def strategy(self) -> BettingConfig:
        """As the strategy of `nba_props.betting`, with flat stakes."""
        return BettingConfig(min_edge=self.min_edge, odds_range=(1.0, self.max_odds))


@dataclass(frozen=True)
class PropForecast:
    """A fitted forecast of one market.

    Attributes:
        features: Columns it is given, in order.
        distribution: Key of `DISTRIBUTIONS`.
        calibrator: Key of `CALIBRATORS`, "none", or `MARKET_BLEND`: probabilities and projection start at the market.
        rule: What is bet with it.
        past: Out-of-sample predictions that the distribution is fitted on, columns `PAST`.
        settled: Settled props that the calibrator learns from, in time order, columns `SETTLED`.
        trained_until: Last night it was trained on.
        data_kind: "SIMULATED" or "real".
        code: Version of the code that fitted it.
        availability: How its training knew who was out (`models.line_ups`); empty in models of an earlier time.
        probes: Rows of the training table with the projection and P(over) they had; see `verify`.
        reference: ``feature``, ``mean`` and ``spread`` (standard deviation) of each feature over the rows of `past`.
        fitted_rows: ``game_id``, ``player_id`` and ``predicted`` of each row of `past`: what the final model, which was
            fitted on them too, says of them. No score; it is what `models.integrity` compares.
    """

    market: str
    estimator: Predicts
    features: tuple[str, ...]
    distribution: str
    calibrator: str
    rule: BettingRule
    past: pd.DataFrame
    settled: pd.DataFrame
    trained_until: pd.Timestamp
    data_kind: str
    code: str = field(default_factory=lambda: code_version("nba_props"))
    availability: str = ""
    probes: pd.DataFrame | None = None
    reference: pd.DataFrame | None = None
    fitted_rows: pd.DataFrame | None = None

    def project(self, features: pd.DataFrame) -> Floats:
        """Projections (n, stat units) of a feature frame (n rows, `features` among its columns).

        Raises:
            DataError: A feature is missing.
            ModelError: A projection is not a finite number.
        """
        missing = [name for name in self.features if name not in features]
        if missing:
            raise DataError(
                "the feature frame",  # noqa: EM101 - the table's name
                f"{len(missing)} features of the {self.market} model are missing: {', '.join(missing[:5])}",
                fix="Build the features with the code the model was trained with, or train it again.",
            )
        values = self.estimator.predict(features[list(self.features)].astype("float32"))
        projection: Floats = np.asarray(values, dtype="float64").reshape(-1)
        if not np.isfinite(projection).all():
            bad = int((~np.isfinite(projection)).sum())
            message = f"The {self.market} model gave {bad} projections that are not numbers."
            raise ModelError(message)
        return projection

    def reasons(self, features: pd.DataFrame) -> list[str]:
        """The three strongest reasons of each projection, in words; empty where the estimator gives none.

        Args:
            features: As for `project`.
        """
        contributions_of = getattr(self.estimator, "contributions", None)
        if contributions_of is None or features.empty:
            return [""] * len(features)
        asked = features[list(self.features)].astype("float32")
        words = Explain(pd.Series(True, asked.index), feature_families(), feature_texts())
        said = reasons(contributions_of(asked), asked, words)
        return ["; ".join(filter(None, row)) for row in said.itertuples(index=False)]

    @cached_property
    def fitted(self) -> PredictiveDistribution | None:
        """The distribution of results given projections; None where there is nothing to learn it from."""
        if len(self.past) < 200:
            return None
        return DISTRIBUTIONS[self.distribution]().fit(
            self.past["actual"].to_numpy(), self.past["predicted"].to_numpy(), minutes_tier(self.past[MINUTES])
        )

    def _distribution(self) -> PredictiveDistribution:
        if self.fitted is None:
            message = (
                f"The {self.market} model has {len(self.past)} out-of-sample predictions to learn a distribution from; "
                "200 are needed: train it on more seasons."
            )
            raise ModelError(message)
        return self.fitted

    @cached_property
    def _frozen(self) -> FrozenDistribution:
        return FrozenDistribution(self._distribution())

    def at(self, lines: pd.DataFrame) -> pd.DataFrame:
        """`lines` with `PROBABILITIES` as the distribution gives them; NaN without a projection.

        Args:
            lines: ``line``, ``predicted`` and ``mean_minutes``, n rows; other columns are kept. ``location``, ``scale``
                and ``anchor`` move the distribution (`nba_props.probability.by_fold.Distributions.at`).

        Raises:
            ModelError: The model has learned no distribution.
        """
        if lines["predicted"].isna().all():
            return lines.assign(**dict.fromkeys(PROBABILITIES, np.nan))
        return self._frozen.at(lines).drop(columns=["fold", "role"])

    def calibrated(self, lines: pd.DataFrame, settled: pd.DataFrame | None = None) -> pd.DataFrame:
        """The consensus lines with calibrated probabilities, and where that puts the distribution of each prop.

        Location and scale are learned weekly from props settled before, exactly as a walk-forward does
        (`nba_props.evaluation.pricing`).

        Args:
            lines: Of `at`, with ``game_date``, one row per prop; for a blend with the market with ``market_p_over``.
            settled: Props settled since the training, columns `SETTLED`.

        Returns:
            `lines` with new `PROBABILITIES`, ``chance`` (calibrated P(over | no push)), ``location``, ``scale`` and
            ``anchor``; NaN where nothing was learned yet.
        """
        raw, scale, known = given_no_push(lines), np.ones(len(lines)), self._settled_so_far(settled)
        if self.calibrator == "none":
            chance = raw
        else:
            chance = self._calibrated_chance(raw, lines, known)
            # Row after row in memory: so the sums of the scores are those of a walk-forward to the last bit.
            scores = np.ascontiguousarray(known[SCORES].to_numpy("float64"))
            scale = walk_forward_scale(scores, known["game_date"], lines["game_date"])
        table = lines.assign(chance=chance, anchor=lines[LINE], scale=scale, location=np.nan)
        if table["predicted"].isna().all():
            return table
        table["location"] = self._frozen.locate(table, chance)
        return self.at(table)

    def _calibrated_chance(self, raw: Floats, lines: pd.DataFrame, known: pd.DataFrame) -> Floats:
        over, days = over_results(known["actual"], known[LINE]), lines["game_date"]
        if self.calibrator != MARKET_BLEND:
            make = CALIBRATORS[self.calibrator]
            return walk_forward_calibration(
                known["chance_uncalibrated"], over, known["game_date"], make, apply_to=(raw, days)
            )
        given = (raw, lines[MARKET], days)
        return walk_forward_blend(
            known["chance_uncalibrated"], known[MARKET], over, known["game_date"], apply_to=given
        )[0]

    def blended(self, lines: pd.DataFrame, quotes: pd.DataFrame, settled: pd.DataFrame | None = None) -> Floats:
        """The projection of each prop of `calibrated`, n: the model's own, or the one that starts at the market.

        The quotes on offer have ``game_id``, ``player_id``, ``market``, ``line``, ``over_price``, ``under_price``;
        `settled` is as for `calibrated`.
        """
        own: Floats = lines["predicted"].to_numpy("float64")
        if self.calibrator != MARKET_BLEND or np.isnan(own).all():
            return own
        at = lines.assign(market=self.market)
        at["implied_line"] = walk_forward_implied(quotes, at, self.market, settled=self._settled_so_far(settled))
        found = blended_projections(self._frozen, at)
        return np.where(np.isnan(found), own, found)

    def offered(self, quotes: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """Quotes (n, at any line) with the probabilities of the calibrated distribution of their prop.

        They are found among the `lines` of `calibrated` by ``game_id`` and ``player_id``; other columns are kept.
        """
        keys, moved = ["game_id", "player_id"], ["predicted", MINUTES, "location", "scale", "anchor"]
        found = quotes[keys].merge(lines[[*keys, *moved]], how="left", on=keys, validate="m:1")
        located = quotes.assign(**{name: found[name].to_numpy("float64") for name in moved})
        return self.at(located).drop(columns=moved)

    def learned(self, props: pd.DataFrame) -> pd.DataFrame:
        """What settled props of `calibrated` teach, columns `SETTLED`, in their order; ``actual`` is NaN for a void."""
        if props.empty or props["predicted"].isna().all():
            return props.assign(**dict.fromkeys(SCORES, np.nan)).reindex(columns=SETTLED)
        at = props.assign(anchor=props[LINE], scale=1.0)
        at["location"] = self._frozen.locate(at.drop(columns="location", errors="ignore"), props["chance"])
        scores = scale_scores(self._frozen, at, props["actual"])
        return props.assign(**dict(zip(SCORES, scores.T, strict=True))).reindex(columns=SETTLED)

    def _settled_so_far(self, settled: pd.DataFrame | None) -> pd.DataFrame:
        parts = [part for part in (self.settled, settled) if part is not None and len(part)]
        table = pd.concat(parts, ignore_index=True) if parts else self.settled.iloc[:0]
        return table.reindex(columns=SETTLED)

    def ranges(self, players: pd.DataFrame) -> pd.DataFrame:
        """Central ranges that hold the result half and four fifths of the time, of the same distribution as the prices.

        Args:
            players: ``predicted`` and ``mean_minutes``, n rows; with ``location``, ``scale`` and ``anchor`` of
                `calibrated` where there is a line. A missing location is the projection.

        Returns:
            ``low_50``, ``high_50``, ``low_80``, ``high_80``, whole numbers, n rows, index of `players`.

        Raises:
            ModelError: The model has learned no distribution.
        """
        names = [f"{end}_{round(100 * share)}" for share in _RANGES for end in ("low", "high")]
        levels = [level for share in _RANGES for level in ((1.0 - share) / 2.0, (1.0 + share) / 2.0)]
        if players.empty:
            return pd.DataFrame(columns=names, dtype="float64")
        at = players[["predicted", MINUTES]].assign(location=np.nan, scale=1.0, anchor=players["predicted"])
        if "location" in players:
            moved = players["location"].notna()
            for name in ("location", "scale", "anchor"):
                at[name] = players[name].where(moved, at[name])
        at["location"] = at["location"].fillna(at["predicted"])
        self._distribution()
        return pd.DataFrame(self._frozen.quantiles(at, levels), players.index, names)

    def forecast(self, frame: pd.DataFrame) -> pd.DataFrame:
        """``predicted``, its ranges and, where there is a column ``line``, calibrated `PROBABILITIES`; n rows.

        Args:
            frame: Features, and optionally ``line`` (stat units) and ``mean_minutes`` (the player's season so far; the
                feature min_season_mean stands in for it). A blend with the market has probabilities only where a column
                ``market_p_over`` says what the market thinks: no-vig P(over | no push) at the line.

        Raises:
            DataError: A feature is missing, or nothing says how long the player plays.
        """
        source = MINUTES if MINUTES in frame else _MINUTES_FEATURE
        projection = self.project(frame)
        if source not in frame:
            name, fix = "the feature frame", f"Add the column {MINUTES}: the mean of the player's season so far."
            raise DataError(name, "nothing says how long the players play", fix=fix, column=MINUTES)
        table = pd.DataFrame({"predicted": projection}, index=frame.index)
        if self.fitted is None:
            return table
        players = table.assign(**{MINUTES: frame[source].to_numpy("float64")})
        if LINE not in frame or (self.calibrator == MARKET_BLEND and MARKET not in frame):
            return table.join(self.ranges(players))
        after = self.settled["game_date"].max() if len(self.settled) else self.trained_until
        lines = players.assign(line=frame[LINE].to_numpy("float64"))
        lines["game_date"] = max(after, self.trained_until) + pd.Timedelta(days=7)  # after everything it has learned
        if self.calibrator == MARKET_BLEND:
            lines[MARKET] = frame[MARKET].to_numpy("float64")
        priced = self.calibrated(self.at(lines))
        if self.calibrator == MARKET_BLEND:
            sigma = ImpliedSigma.fit(self.settled[LINE], self.settled["actual"], self.market)
            implied = priced[LINE] + sigma.at(priced[LINE].to_numpy()) * ndtri(priced[MARKET].to_numpy())
            found = blended_projections(self._frozen, priced.assign(implied_line=implied))
            priced["predicted"] = np.where(np.isnan(found), projection, found)
        ranges = self.ranges(priced.assign(predicted=projection))
        return priced[["predicted"]].join(ranges).join(priced[[LINE, *PROBABILITIES]])

    def verify(self) -> None:
        """Refuse a forecast for which this code gives other numbers than the code that logged it.

        Raises:
            ModelError: The projections or probabilities of `probes` are not those that were logged.
        """
        if self.probes is None or self.probes.empty:
            return
        made = self.probed(self.probes)
        for name, tolerance in (("predicted", 1e-4), ("p_over", 1e-6)):
            if name in made and not np.allclose(made[name], self.probes[name], atol=tolerance, equal_nan=True):
                message = (
                    f"The {self.market} model, logged by code {self.code}, gives another {name} under this code "
                    f"({code_version('nba_props')}): train it again, or use the code it was logged with."
                )
                raise ModelError(message)

    def probed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The projection of training rows, and P(over) at half a unit over its whole part."""
        projection = self.project(rows)
        table = pd.DataFrame(
            {"predicted": projection, LINE: np.floor(projection) + 0.5, MINUTES: rows[MINUTES].to_numpy()}
        )
        return table if self.fitted is None else self.at(table)

    def about(self) -> dict[str, Any]:
        """What is not a table, as plain values."""
        return {
            "market": self.market,
            "features": list(self.features),
            "distribution": self.distribution,
            "calibrator": self.calibrator,
            "rule": self.rule.__dict__,
            "trained_until": str(self.trained_until.date()),
            "data_kind": self.data_kind,
            "availability": self.availability,
            "code": self.code,
        }
