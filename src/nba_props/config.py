"""The settings of a training run, as frozen models that refuse unknown keys."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from nba_props.errors import ConfigError, did_you_mean
from nba_props.forecast.estimator import ENSEMBLE, ESTIMATORS, check_params, split_member
from nba_props.markets import check_market

__all__ = [
    "FIRST_SEASON",
    "MARKET_BLEND",
    "BlendConfig",
    "EnsembleConfig",
    "SelectionConfig",
    "Settings",
    "TrainerConfig",
    "WalkForwardConfig",
    "make_config",
]


MARKET_BLEND = "market_blend"
"""Value of ``model``: a forecaster whose location and P(over) start at the market."""


FIRST_SEASON = "first"
"""Value of ``first_test_season`` that tests every season but the first one of the data."""


class Settings(BaseModel):
    """Settings that cannot be changed once they are checked; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_model(name: str) -> str:
    if name not in ESTIMATORS:
        message = f"unknown model {name!r}{did_you_mean(name, ESTIMATORS)}; known models: {', '.join(ESTIMATORS)}"
        raise ValueError(message)
    return name


def _known_member(name: str) -> str:
    try:
        _known_model(split_member(name)[0])
    except ConfigError as error:
        raise ValueError(str(error).rstrip(".")) from error
    return name


def _known_model_or_combination(name: str) -> str:
    return name if name in {ENSEMBLE, MARKET_BLEND} else _known_model(name)


def _season_name(name: str) -> str:
    """Refuse what is not the name of a season; whether the data hold it is checked once they are loaded."""
    first, dash, last = name.partition("-")
    if name != FIRST_SEASON and not (
        re.fullmatch(r"\d{4}-\d{2}", name) and dash and (int(first) + 1) % 100 == int(last)
    ):
        message = f"{name!r} is not a season: write it as 2024-25, or {FIRST_SEASON}"
        raise ValueError(message)
    return name


class WalkForwardConfig(Settings):
    """When the model is fitted again, and from when it is judged.

    Attributes:
        first_test_season: First season predicted, such as "2024-25"; "first": the first one with an earlier season to
            train on. None: the first season that has lines and an earlier season to train
            on, or the last season where there are no lines.
        step: Retraining step: "weekly", "monthly", "season", a number of days, or "once" (before the test only).
        gap_days: Whole days left out between training and test.
    """

    first_test_season: Annotated[str, AfterValidator(_season_name)] | None = None
    step: Literal["weekly", "monthly", "season", "once"] | Annotated[int, Field(ge=1)] = "monthly"
    gap_days: int = Field(default=1, ge=0)


class EnsembleConfig(Settings):
    """Which forecasters are combined, and how (model "ensemble").

    Attributes:
        members: Two or more different ones; ``lightgbm:1`` is LightGBM with another seed. Of those tried on real PRA of
            2022-23 and 2023-24, the default err least.
        method: "weighted" (convex weights) or "stacked" (a linear model on top), both learnt on out-of-fold
            predictions of earlier folds.
    """

    members: tuple[Annotated[str, AfterValidator(_known_member)], ...] = (
        "lightgbm",
        "two_stage",
        "linear",
    )
    method: Literal["weighted", "stacked"] = "weighted"

    @field_validator("members")
    @classmethod
    def _different(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(members)) < 2 or len(set(members)) < len(members):
            message = "an ensemble needs two or more different members"
            raise ValueError(message)
        return members


class BlendConfig(Settings):
    """What is blended with the market (model "market_blend")."""

    model: Annotated[str, AfterValidator(_known_model)] = "lightgbm"


class SelectionConfig(Settings):
    """Stable feature selection inside every fit, on its training rows only.

    Attributes:
        rule: "gain" or "permutation" importance, compared with that of noise columns.
        noise_columns: Noise columns added as the reference.
        rounds: Times it is tried on another half of the training rows.
        share: Share of the rounds a feature must beat the noise in.
    """

    rule: Literal["gain", "permutation"] = "gain"
    noise_columns: int = Field(default=5, ge=1)
    rounds: int = Field(default=3, ge=1)
    share: float = Field(default=0.66, gt=0, le=1)


class TrainerConfig(Settings):
    """All settings of one training run.

    Attributes:
        model: One of `nba_props.forecast.ESTIMATORS` ("lightgbm", "xgboost", "linear", "two_stage", ...), "ensemble",
            or "market_blend": P(over) and projection start at the market and move to a model by a learned weight.
        model_params: Overrides of the model's defaults, by the library's own names; of an ensemble, by member. What the
            library does not know, or cannot use, is refused.
        ensemble: Members and method, for model "ensemble".
        blend: What is blended, for model "market_blend".
        selection: Feature selection inside every fit; None means all features are used.
        feature_groups: Groups of `nba_props.features` to use; None means all.
        availability: Who is known to be out before a game. "reported": whom the availability table lists before the
            decision; of games without a report, the regulars who missed the team's last game. "stand_in": the regulars
            missing from the box score itself, for backtests without reports: known only afterwards, so its runs are
            tagged, ranked apart, and their models never go live.
        line_feature: The price-implied line at decision time as a feature (NaN without one): the forecast starts at the
            market. No model with it can be registered, since a slate is forecast before it is priced.
        noise_features: Columns of noise added to the features: what cannot help, to see what the study says of it.
        walk_forward: Folds.
        decision: Which price is bet: each book's first of the day ("open") or its last ("close").
        close_window_minutes: A close is the last quote seen within so many minutes before the tip; where the tip is not
            known, the last quote.
        min_edge: Least edge over the no-vig market probability that is bet.
        max_odds: Longest decimal odds bet (2.1 is +110). A win rate means something only near even money, and the
            longer the price the more of the margin is in it.
        kelly_fraction: Share of full Kelly for the Kelly ledger (the reported ROI is of flat stakes).
        distribution: How P(over) is made from the forecast. "auto" takes the one with the best walk-forward log score
            and CRPS on the calibration folds, which all lie before the first test fold.
        calibrator: Corrects the location of each player-game's distribution, so that P(over) at the consensus line is
            the calibrated one; refitted weekly on props settled on earlier dates. "none" leaves the forecast as it is;
            a market blend has its own and takes none.
        gate_profile: "plan", "market", one of your own, or a TOML file (docs/metrics.md); checked by the trainer.
        staging_nights: Last nights of the test that are kept out of the gates, for the test in Staging; 0 keeps none
            out and needs none.
        seed: Random seed of everything that draws.
        workers: Folds fitted side by side, each on one thread; 0 means one per core. The numbers do not depend on it.
    """

    market: Annotated[str, AfterValidator(check_market)] = "pra"
    model: Annotated[str, AfterValidator(_known_model_or_combination)] = "lightgbm"
    model_params: dict[str, Any] = Field(default_factory=dict)
    ensemble: EnsembleConfig = EnsembleConfig()
    blend: BlendConfig = BlendConfig()
    selection: SelectionConfig | None = None
    feature_groups: tuple[str, ...] | None = None
    availability: Literal["reported", "stand_in"] = "reported"
    line_feature: bool = False
    noise_features: int = Field(default=0, ge=0)
    walk_forward: WalkForwardConfig = WalkForwardConfig()
    decision: Literal["open", "close"] = "open"
    close_window_minutes: float = Field(default=60.0, gt=0)
    min_edge: float = Field(default=0.02, ge=0, lt=1)
    max_odds: float = Field(default=2.1, gt=1)
    kelly_fraction: float = Field(default=0.25, gt=0, le=1)
    distribution: Literal["auto", "conformal", "negative_binomial", "normal", "quantile"] = "auto"
    calibrator: Literal["none", "platt", "beta", "isotonic"] = "platt"
    gate_profile: str = "plan"
    staging_nights: int = Field(default=20, ge=0)
    seed: int = 0
    workers: int = Field(default=0, ge=0)

    @property
    def forecaster(self) -> str:
        """The model that is fitted: its own, or the one that is blended with the market."""
        return self.blend.model if self.model == MARKET_BLEND else self.model

    @model_validator(mode="after")
    def _usable_parameters(self) -> TrainerConfig:
        if not self.model_params:
            return self
        members = self.ensemble.members
        try:
            if self.model != ENSEMBLE:
                check_params(self.forecaster, self.model_params)
                return self
            for name, params in self.model_params.items():
                if name not in members or not isinstance(params, dict):
                    message = (
                        f"model_params of an ensemble are tables of its members, {', '.join(members)}: not {name!r}"
                    )
                    raise ValueError(message)
                check_params(split_member(name)[0], params)
        except ConfigError as error:
            message = f"model_params: {str(error).rstrip('.')}"
            raise ValueError(message) from error
        return self


def make_config(**settings: Any) -> TrainerConfig:  # noqa: ANN401 - validated here
    """Build a `TrainerConfig`; every problem in one `ConfigError` instead of pydantic's own error."""
    try:
        return TrainerConfig(**settings)
    except ValidationError as error:
        problems = "; ".join(": ".join(filter(None, (_path(item["loc"]), item["msg"]))) for item in error.errors())
        message = f"Settings that cannot be used: {problems}."
        raise ConfigError(message) from error


def _path(parts: tuple[int | str, ...]) -> str:
    return ".".join(map(str, parts))
