"""What a training run can be told, as frozen models that refuse unknown keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from nba_props.errors import ConfigError
from nba_props.markets import check_market

__all__ = ["TrainerConfig", "WalkForwardConfig", "make_config"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WalkForwardConfig(_Frozen):
    """When the model is fitted again and from when on it is judged.

    Attributes:
        first_test_season: First season predicted. None: the first season that has lines and an earlier season to train
            on, or the last season where there are no lines.
        step: Retraining step: "weekly", "monthly", "season", a number of days, or "once" (before the test only).
        gap_days: Whole days left out between training and test.
    """

    first_test_season: str | None = None
    step: Literal["weekly", "monthly", "season", "once"] | Annotated[int, Field(ge=1)] = "monthly"
    gap_days: int = Field(default=1, ge=0)


class TrainerConfig(_Frozen):
    """One training run, whole.

    Attributes:
        market: Key of `nba_props.markets.MARKETS`.
        model: "lightgbm" or "xgboost".
        model_params: Overrides of the model's defaults, by the library's own names.
        feature_groups: Groups of `nba_props.features` to use; None means all.
        walk_forward: Folds.
        decision: Which price is bet: each book's first of the day ("open") or its last ("close").
        min_edge: Least edge over the no-vig market probability that is bet.
        kelly_fraction: Share of full Kelly for the Kelly ledger (the reported ROI is of flat stakes).
        distribution: How P(over) is made from the forecast.
        gate_profile: "plan" or "market" (docs/metrics.md).
        seed: Random seed of everything that draws.
        workers: Folds fitted side by side, each on one thread; 0 means one per core. The numbers do not depend on it.
    """

    market: Annotated[str, AfterValidator(check_market)] = "pra"
    model: Literal["lightgbm", "xgboost"] = "lightgbm"
    model_params: dict[str, Any] = Field(default_factory=dict)
    feature_groups: tuple[str, ...] | None = None
    walk_forward: WalkForwardConfig = WalkForwardConfig()
    decision: Literal["open", "close"] = "open"
    min_edge: float = Field(default=0.02, ge=0, lt=1)
    kelly_fraction: float = Field(default=0.25, gt=0, le=1)
    distribution: Literal["conformal", "negative_binomial", "normal", "quantile"] = "conformal"
    gate_profile: Literal["plan", "market"] = "plan"
    seed: int = 0
    workers: int = Field(default=0, ge=0)


def make_config(**settings: Any) -> TrainerConfig:  # noqa: ANN401 - validated here
    """Build a `TrainerConfig`; every problem in one `ConfigError` instead of pydantic's own error."""
    try:
        return TrainerConfig(**settings)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        message = f"Settings that can not be used: {problems}."
        raise ConfigError(message) from error
