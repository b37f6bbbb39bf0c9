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

from nba_props.betting import BettingConfig, StakeConfig
from nba_props.config import MARKET_BLEND
from nba_props.errors import DataError, ModelError
from nba_props.features import feature_families, feature_texts
from nba_props.forecast.reasons import Explain, reasons
from nba_props.probability import CALIBRATORS, DISTRIBUTIONS, minutes_tier, walk_forward_calibration
from nba_props.probability.by_fold import PROBABILITIES, FrozenDistribution
from nba_props.probability.calibrators import given_no_push, over_results
from nba_props.probability.spread import SCALES, scale_scores, walk_forward_scale
from nba_props.version import code_version

if TYPE_CHECKING:
    from nba_props.arrays import Floats
    from nba_props.probability import PredictiveDistribution

PAST: Final = ["game_date", "game_id", "player_id", "team", "actual", "predicted", "mean_minutes"]
"""Columns of `PropForecast.past`: one row per out-of-sample prediction."""

SCORES: Final = [f"score_{number}" for number in range(len(SCALES))]
SETTLED: Final = ["game_date", "line", "actual", "chance_uncalibrated", *SCORES]
"""Columns of `PropForecast.settled`: one row per settled prop, P(over | no push) as the distribution gives it, and the
score of the result at each scale of the calibrated distribution (`nba_props.probability.spread.scale_scores`)."""

MINUTES: Final = "mean_minutes"
LINE: Final = "line"

_MINUTES_FEATURE: Final = "min_season_mean"
_RANGES: Final = (0.5, 0.8)
_LONGEST: Final = 200
"""No result of any market is above this whole number."""


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

    def strategy(self, stakes: StakeConfig | None = None) -> BettingConfig:
        """As the strategy of `nba_props.betting`; flat stakes by default."""
        chosen = StakeConfig() if stakes is None else stakes
        return BettingConfig(min_edge=self.min_edge, odds_range=(1.0, self.max_odds), stakes=chosen)


@dataclass(frozen=True)
class PropForecast:
    """A fitted forecast of one market.

    Attributes:
        market: Market key.
        estimator: The fitted forecaster.
        features: Columns it is given, in order.
        distribution: Key of `DISTRIBUTIONS`.
        calibrator: Key of `CALIBRATORS`, "none", or `MARKET_BLEND`, which is not applied here: it has no probabilities.
        rule: What is bet with it.
        past: Out-of-sample predictions that the distribution is fitted on, columns `PAST`.
        settled: Settled props that the calibrator learns from, in time order, columns `SETTLED`.
        trained_until: Last night it was trained on.
        data_kind: "SIMULATED" or "real".
        code: Version of the code that fitted it.
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
        """The three strongest reasons of each projection, in words; empty where the estimator tells none.

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
            lines: Of `at`, with ``game_date``, one row per prop.
            settled: Props settled since the training, columns `SETTLED`.

        Returns:
            `lines` with new `PROBABILITIES`, ``chance`` (calibrated P(over | no push)), ``location``, ``scale`` and
            ``anchor``; NaN where nothing was learned yet.

        Raises:
            ModelError: The model is a blend with the market.
        """
        raw, scale = given_no_push(lines), np.ones(len(lines))
        known = self._known(settled)
        if self.calibrator == MARKET_BLEND:
            message = (
                f"The {self.market} model is a blend with the market, and a card does not apply its blend: train the "
                "model it blends by itself (--model), and promote that one."
            )
            raise ModelError(message)
        if self.calibrator == "none":
            chance = raw
        else:
            over, apply_to = over_results(known["actual"], known["line"]), (raw, lines["game_date"])
            make = CALIBRATORS[self.calibrator]
            chance = walk_forward_calibration(
                known["chance_uncalibrated"], over, known["game_date"], make, apply_to=apply_to
            )
            # Row after row in memory: so the sums of the scores are those of a walk-forward to the last bit.
            scores = np.ascontiguousarray(known[SCORES].to_numpy("float64"))
            scale = walk_forward_scale(scores, known["game_date"], lines["game_date"])
        table = lines.assign(chance=chance, anchor=lines[LINE], scale=scale, location=np.nan)
        if table["predicted"].isna().all():
            return table
        table["location"] = self._frozen.locate(table, chance)
        return self.at(table)

    def offered(self, quotes: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """Quotes at any line with the probabilities of the calibrated distribution of their prop.

        Args:
            quotes: ``game_id``, ``player_id``, ``line``, n rows; other columns are kept.
            lines: Of `calibrated`.
        """
        keys, moved = ["game_id", "player_id"], ["predicted", MINUTES, "location", "scale", "anchor"]
        found = quotes[keys].merge(lines[[*keys, *moved]], how="left", on=keys, validate="m:1")
        located = quotes.assign(**{name: found[name].to_numpy("float64") for name in moved})
        return self.at(located).drop(columns=moved)

    def learned(self, props: pd.DataFrame) -> pd.DataFrame:
        """What settled props teach, columns `SETTLED`, in their order.

        Args:
            props: Of `calibrated`, with ``chance_uncalibrated`` and ``actual`` (NaN: void).
        """
        if props.empty or props["predicted"].isna().all():
            return props.assign(**dict.fromkeys(SCORES, np.nan))[SETTLED]
        at = props.assign(anchor=props[LINE], scale=1.0)
        at["location"] = self._frozen.locate(at.drop(columns="location", errors="ignore"), props["chance"])
        scores = scale_scores(self._frozen, at, props["actual"])
        return props.assign(**dict(zip(SCORES, scores.T, strict=True)))[SETTLED]

    def _known(self, settled: pd.DataFrame | None) -> pd.DataFrame:
        parts = [part for part in (self.settled, settled) if part is not None and len(part)]
        return pd.concat(parts, ignore_index=True) if parts else self.settled[SETTLED].iloc[:0]

    def ranges(self, projection: Floats, mean_minutes: Floats) -> pd.DataFrame:
        """Central ranges around projections that hold the result half and four fifths of the time, over all players.

        Args:
            projection: Projections, n.
            mean_minutes: Mean minutes of the season so far, n.

        Returns:
            ``low_50``, ``high_50``, ``low_80``, ``high_80``, whole numbers, n rows.
        """
        n, values = len(projection), np.arange(_LONGEST + 1)
        if not n:
            return pd.DataFrame(columns=[f"{end}_{round(100 * r)}" for r in _RANGES for end in ("low", "high")])
        tier = minutes_tier(mean_minutes)
        below = self._distribution().cdf(
            np.tile(values, n), np.repeat(projection, len(values)), np.repeat(tier, len(values))
        )
        cdf = np.asarray(below).reshape(n, len(values))
        columns = {}
        for share in _RANGES:
            for end, level in (("low", (1 - share) / 2), ("high", (1 + share) / 2)):
                columns[f"{end}_{round(100 * share)}"] = (cdf >= level).argmax(axis=1).astype("float64")
        return pd.DataFrame(columns)

    def forecast(self, frame: pd.DataFrame) -> pd.DataFrame:
        """``predicted``, its ranges and, where there is a column ``line``, calibrated `PROBABILITIES`; n rows.

        A blend with the market has none: they depend on prices.

        Args:
            frame: Features, and optionally ``line`` (stat units) and ``mean_minutes`` (the player's season so far; the
                feature min_season_mean stands in for it).

        Raises:
            DataError: A feature is missing, or nothing says how long the player plays.
        """
        source = MINUTES if MINUTES in frame else _MINUTES_FEATURE
        projection = self.project(frame)
        if source not in frame:
            name, fix = "the feature frame", f"Add the column {MINUTES}: the mean of the player's season so far."
            raise DataError(name, "nothing says how long the players play", fix=fix, column=MINUTES)
        minutes = frame[source].to_numpy("float64")
        table = pd.DataFrame({"predicted": projection}, index=frame.index)
        if self.fitted is None:
            return table
        table = table.join(self.ranges(projection, minutes).set_axis(frame.index))
        if LINE not in frame or self.calibrator == MARKET_BLEND:
            return table
        after = self.settled["game_date"].max() if len(self.settled) else self.trained_until
        lines = table.assign(line=frame[LINE].to_numpy("float64"), mean_minutes=minutes)
        lines["game_date"] = max(after, self.trained_until) + pd.Timedelta(days=7)  # after everything it has learned
        return self.calibrated(self.at(lines))[[*table.columns, LINE, *PROBABILITIES]]

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
            "code": self.code,
        }
