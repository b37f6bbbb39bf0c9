"""The search space of a sweep: a small TOML file, checked against the recipe before anything is fitted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial
from pydantic import Field, ValidationError, model_validator

from models.documents import problems, read_document
from nba_props.config import Settings, TrainerConfig, make_config
from nba_props.errors import ConfigError, TrackingError, did_you_mean
from nba_props.forecast import default_params
from nba_props.forecast.estimator import split_member
from nba_props.metrics import resolve_direction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from optuna.distributions import BaseDistribution


_FIXED: Final = ("market", "model", "workers", "seed", "gate_profile", "walk_forward")
"""What decides on which rows trials are compared, or does not change how good a forecast is."""

Choice = bool | int | float | str | tuple[str, ...]


class _Range(Settings):
    type: Literal["int", "float"]
    low: float
    high: float
    log: bool = False
    step: float | None = None

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.low > self.high:
            message = f"low {self.low:g} is above high {self.high:g}"
            raise ValueError(message)
        no_step = 1 if self.type == "int" else None
        if self.log and (self.low <= 0 or self.step != no_step):
            message = "log needs low above 0 and no step"
            raise ValueError(message)
        return self


class IntRange(_Range):
    """Whole numbers from `low` to `high`, both included; with `log` each doubling is as likely as the next."""

    type: Literal["int"]
    low: int
    high: int
    step: int = Field(default=1, ge=1)

    def distribution(self) -> IntDistribution:
        """As Optuna has it."""
        return IntDistribution(self.low, self.high, log=self.log, step=self.step)


class FloatRange(_Range):
    """Numbers from `low` to `high`, both included, in steps where they are given."""

    type: Literal["float"]
    step: Annotated[float, Field(gt=0)] | None = None

    def distribution(self) -> FloatDistribution:
        """As Optuna has it."""
        return FloatDistribution(self.low, self.high, log=self.log, step=self.step)


class Choices(Settings):
    """One of several values; a list of names is one value (``feature_groups``)."""

    type: Literal["categorical"]
    choices: tuple[Choice, ...] = Field(min_length=1)

    def distribution(self) -> CategoricalDistribution:
        """As Optuna stores it; lists, which it cannot store, as JSON."""
        return CategoricalDistribution([_as_choice(value) for value in self.choices])


Dimension = Annotated[IntRange | FloatRange | Choices, Field(discriminator="type")]


class Sweep(Settings):
    """A search space and how it is searched.

    Attributes:
        objective: Metric, computed on the calibration folds, whose direction is known from its name.
        pruner: What ends a trial early: "median" (worse than the median of earlier trials after the same folds),
            "halving" (not among the best half after a fold), or "none".
        startup_trials: Trials drawn at random before the sampler (TPE) and the median pruner have a say.
        batch: Trials that go through the folds side by side. What is drawn depends on it, so it is a setting and not
            the number of workers; at least as many as workers keeps all of them busy.
        space: Path of a setting (``model_params.num_leaves``) to its range.
    """

    objective: str = "val_mae"
    pruner: Literal["median", "halving", "none"] = "median"
    startup_trials: int = Field(default=8, ge=1)
    batch: int = Field(default=4, ge=1)
    space: dict[str, Dimension] = Field(min_length=1)

    @property
    def direction(self) -> Literal["maximize", "minimize"]:
        """Whether more of the objective is better, in Optuna's words."""
        return "maximize" if resolve_direction(self.objective) == "max" else "minimize"


_MODELS: Final = (Sweep, IntRange, FloatRange, Choices)
_KEYS: Final = {name for model in _MODELS for name in model.model_fields}


def read_sweep(path: Path, config: TrainerConfig) -> Sweep:
    """Read the search space of a sweep over `config`.

    Keys are paths as in ``--set``: ``model_params.num_leaves``, or a parameter of the model by its bare name where it
    is among the model's defaults; for an ensemble ``lightgbm.num_leaves``.

    Raises:
        ConfigError: The file cannot be read, a key is not known (naming the nearest one), a setting cannot be swept,
            or the edge of a range is not a usable value.
    """
    content = read_document(path, "search space")
    space = content.get("space", {})
    if not isinstance(space, dict):
        message = f"{path.name}: space must be a table with one table per setting, [space.num_leaves]."
        raise ConfigError(message)
    try:
        named = {_path(key, config): value for key, value in _flat(space).items()}
        sweep = Sweep.model_validate({**content, "space": named})
        _ = sweep.direction
        for key, dimension in sweep.space.items():
            for value in dimension.choices if isinstance(dimension, Choices) else (dimension.low, dimension.high):
                configured(config, {key: value})
    except ValidationError as error:
        message = f"{path.name}: {'; '.join(problems(error, _KEYS))}."
        raise ConfigError(message) from error
    except (ConfigError, TrackingError) as error:
        message = f"{path.name}: {error}"
        raise ConfigError(message) from error
    return sweep


def configured(config: TrainerConfig, values: Mapping[str, Any]) -> TrainerConfig:
    """The configuration with the values of a trial, checked; ConfigError where a value cannot be used."""
    settings = config.model_dump(mode="json")
    for path, value in values.items():
        *tables, last = path.split(".")
        table = settings
        for name in tables:
            table[name] = {} if table.get(name) is None else table[name]
            table = table[name]
        table[last] = json.loads(value) if isinstance(value, str) and value.startswith("[") else value
    return make_config(**settings)


def distributions(sweep: Sweep) -> dict[str, BaseDistribution]:
    """Path to distribution, as Optuna has it."""
    return {path: dimension.distribution() for path, dimension in sweep.space.items()}


def starting_point(sweep: Sweep, config: TrainerConfig) -> dict[str, Any] | None:
    """The recipe's own values, where all of them lie in the space: the first trial is the recipe as it is."""
    values = {path: _current(config, path.split(".")) for path in sweep.space}
    try:
        create_trial(state=TrialState.WAITING, params=values, distributions=distributions(sweep))
    except (TypeError, ValueError):  # Optuna refuses what is not in the space
        return None
    return values


def _current(config: TrainerConfig, parts: list[str]) -> Any:  # noqa: ANN401 - any setting
    """The value a setting has now: that of the configuration, else the model's own default."""
    found: Any = config.model_dump(mode="json")
    for name in parts:
        found = found.get(name) if isinstance(found, dict) else None
    if found is None and parts[0] == "model_params":
        member = parts[1] if config.model == "ensemble" else config.forecaster
        own = config.model_params.get(member, {}) if config.model == "ensemble" else config.model_params
        found = default_params(split_member(member)[0], own).get(parts[-1])
    return _as_choice(tuple(found)) if isinstance(found, list) else found


def _as_choice(value: Choice) -> bool | int | float | str:
    return json.dumps(list(value)) if isinstance(value, tuple) else value


def _flat(table: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Tables within tables are paths; a table with a type is a range."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and "type" not in value and any(isinstance(part, dict) for part in value.values()):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


def _path(key: str, config: TrainerConfig) -> str:
    """The whole path of a setting; ConfigError where nothing is called like that, or it cannot be swept."""
    parts = key.removeprefix("config.").split(".")
    if parts[0] in _FIXED:
        message = f"{key!r} cannot be swept: trials must stay comparable ({', '.join(_FIXED)} are fixed)."
        raise ConfigError(message)
    if parts[0] in TrainerConfig.model_fields:
        _check_members(parts, config, key)
        return ".".join(parts)
    known = _parameters(config)
    if ".".join(parts) in known:
        return ".".join(["model_params", *parts])
    candidates = {*known, *(set(TrainerConfig.model_fields) - set(_FIXED))}
    hint = did_you_mean(".".join(parts), candidates)
    message = f"unknown setting {key!r}{hint} (other parameters of the library: model_params.NAME)."
    raise ConfigError(message)


def _parameters(config: TrainerConfig) -> set[str]:
    """Bare names of the model's parameters; of an ensemble with the member before them."""
    if config.model == "ensemble":
        parameters = {member: default_params(split_member(member)[0]) for member in config.ensemble.members}
        return {f"{member}.{name}" for member, names in parameters.items() for name in names}
    return set(default_params(config.forecaster))


def _check_members(parts: list[str], config: TrainerConfig, key: str) -> None:
    if parts[0] != "model_params":
        return
    wanted = 3 if config.model == "ensemble" else 2
    members = ", ".join(config.ensemble.members)
    if len(parts) != wanted or (wanted == 3 and parts[1] not in config.ensemble.members):
        form = f"model_params.MEMBER.NAME with a member of {members}" if wanted == 3 else "model_params.NAME"
        message = f"{key!r} is not a parameter of the model: use {form}."
        raise ConfigError(message)
