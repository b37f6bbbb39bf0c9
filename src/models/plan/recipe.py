"""Recipes: the experiments of the plan as small TOML files, checked before anything is loaded.

A recipe is ``<phase>/<name>``: a title, a description, the markets it runs, whether its models are registered, the
plug-ins it needs, a ``[config]`` table (fields of `nba_props.config.TrainerConfig`), and at most one of ``[study]``
(`models.studies`) and ``[candidates]``. Those of the twelve-week plan lie in the folder ``recipes`` beside this
module; plug-ins add theirs to `RECIPES`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError

from mlflow_integration.gates import get_profile
from mlflow_integration.phases import CALIBRATION_PHASE, PHASES
from models.documents import problems, read_document
from models.studies import AblationStudy, BettingStudy, Study
from nba_props.config import (
    MARKET_BLEND,
    BlendConfig,
    EnsembleConfig,
    SelectionConfig,
    Settings,
    TrainerConfig,
    WalkForwardConfig,
)
from nba_props.errors import ConfigError
from nba_props.forecast import ENSEMBLE
from nba_props.forecast.parameters import parameter_names
from nba_props.markets import check_market
from nba_props.plugins import Registry, load_plugins

if TYPE_CHECKING:
    from collections.abc import Sequence


PLAN: Final = (
    "phase1/xgboost_baseline",
    "phase1/lightgbm_baseline",
    "phase1/feature_selection",
    "phase2/opponent_features",
    "phase2/temporal_features",
    "phase2/ensemble_methods",
    "phase2/two_stage_minutes",
    "phase2/who_is_out",
    "phase2/square_root",
    "phase2/bagged_seeds",
    "phase2/neural_net",
    "phase3/isotonic",
    "phase3/platt",
    "phase3/market_blend",
    "phase3/line_feature",
    "phase3/earlier_lines",
    "phase3/betting_optimization",
    "phase4/walk_forward_validation",
    "phase4/production_candidates",
)
"""The recipes of the twelve-week plan, in the order they are run."""

RECIPES: Final = Registry[Path | Mapping[str, Any]]("recipe")
"""Recipes by ``<phase>/<name>``: a TOML file, or the same content as a mapping."""

for _name in PLAN:
    RECIPES.add(_name, Path(__file__).with_name("recipes") / f"{_name}.toml")


class Candidates(Settings):
    """The best run of each phase is run again on all data, registered and gated.

    Attributes:
        phases: Phases looked at.
        metric: What "best" means, on the recipe's own markets; smaller is better for errors and scores.
        calibration_metric: What it means in the calibration phase, on identical props: a calibrator cannot move an
            error of the forecast.
    """

    phases: tuple[Annotated[int, Field(ge=1, le=3)], ...] = (1, 2, 3)
    metric: str = "val_mae"
    calibration_metric: str = "brier_score"

    def metric_of(self, phase: int) -> str:
        """What "best" means in a phase.

        >>> Candidates().metric_of(1), Candidates().metric_of(3)
        ('val_mae', 'brier_score')
        """
        return self.calibration_metric if phase == CALIBRATION_PHASE else self.metric


class Recipe(Settings):
    """One experiment of the plan.

    Attributes:
        name: ``<phase>/<name>``.
        title: What it is, in a few words.
        description: What it asks, and how the answer is read.
        markets: Market keys, one run each.
        register_models: Whether the models are registered and gated.
        config: Settings of the runs; their market is that of `markets`.
        plugins: Python files it needs, relative to its own file; loaded before it is checked.
        study: A question besides how good the model is.
        candidates: For the recipe that runs the best of the other phases again.
    """

    name: str
    title: str
    description: str
    markets: Annotated[
        tuple[Annotated[str, AfterValidator(check_market)], ...],
        Field(min_length=1),
        AfterValidator(lambda markets: tuple(dict.fromkeys(markets))),
    ]
    register_models: bool = False
    plugins: tuple[str, ...] = ()
    config: TrainerConfig = TrainerConfig()
    study: Study | None = None
    candidates: Candidates | None = None

    @property
    def experiment(self) -> str:
        """The MLflow experiment of its phase."""
        return next(phase.name for phase in PHASES.values() if f"phase{phase.number}" == self.name.split("/")[0])

    @property
    def short(self) -> str:
        """Its name without the phase."""
        return self.name.split("/")[-1]

    def configs(self) -> list[TrainerConfig]:
        """One configuration per market."""
        return [self.config.model_copy(update={"market": market}) for market in self.markets]

    def with_workers(self, workers: int) -> Recipe:
        """The same recipe with this many fits side by side."""
        return self.model_copy(update={"config": self.config.model_copy(update={"workers": workers})})


_MODELS: Final = (
    Recipe, TrainerConfig, WalkForwardConfig, EnsembleConfig, BlendConfig, SelectionConfig, AblationStudy, BettingStudy,
    Candidates,
)  # fmt: skip
_CANDIDATE_KEYS: Final = {"config.gate_profile", "config.workers", "config.walk_forward.first_test_season"}
_HOW_TO_SET: Final = """ Values are written as in TOML, text without quotes: --set min_edge=0.05, --set \
walk_forward.step=weekly, --set markets='["pts", "reb"]'."""
_KEYS: Final = {name for model in _MODELS for name in model.model_fields} - {"name"}


def recipes_of_phase(phase: int | None) -> list[str]:
    """Names of the recipes of one phase, or of all phases one after the other.

    >>> recipes_of_phase(3)[:2]
    ['phase3/isotonic', 'phase3/platt']

    Raises:
        ConfigError: There is no such phase.
    """
    phases = {known.number for known in PHASES.values()}
    if phase is not None and phase not in phases:
        message = f"There is no phase {phase}; there are 1 to {len(PHASES)}."
        raise ConfigError(message)
    wanted = sorted(phases) if phase is None else [phase]
    return [name for number in wanted for name in RECIPES if name.startswith(f"phase{number}/")]


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe of the registry by name, or one of your own by the path of its file.

    Args:
        name: ``phase2/opponent_features``, its last part where that is enough, or a path ending in ``.toml`` whose
            folder is named after the phase.
        overrides: ``key=value`` with dots for tables (``config.min_edge=0.03``; ``config.`` may be left out), values
            as in TOML, text without quotes. A parameter of the model can be named alone: ``num_leaves=31``.

    Raises:
        ConfigError: No such recipe, a key that is not known (naming the nearest one), or a value that cannot be used.
    """
    if name.endswith(".toml"):
        path = Path(name)
        return read_recipe(path, f"{path.resolve().parent.name}/{path.stem}", overrides)
    matches = [known for known in RECIPES if name in {known, known.split("/")[-1]}]
    if not matches:
        near = difflib.get_close_matches(
            name, [*RECIPES, *(known.split("/")[-1] for known in RECIPES)], n=1, cutoff=0.4
        )
        hint = f" Did you mean {near[0]!r}?" if near else ""
        message = f"There is no recipe {name!r}.{hint} There are: {', '.join(RECIPES)}."
        raise ConfigError(message)
    return read_recipe(RECIPES[matches[0]], matches[0], overrides)


def read_recipe(source: Path | Mapping[str, Any], name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe file, or the same content as a mapping, as the recipe `name`, with overrides.

    Raises:
        ConfigError: The file cannot be read, or holds what cannot be used.
    """
    if isinstance(source, Mapping):
        content, folder, origin = deepcopy(dict(source)), Path(), name
    else:
        content, folder, origin = read_document(source, "recipe"), source.parent, source.name
    keys = [_override(content, override) for override in overrides]
    load_plugins(folder / file for file in _plugin_files(content))
    try:
        recipe = _checked(content, name)
    except ValidationError as error:
        told = problems(error, _KEYS | _model_parameters(content))
        message = f"{origin}: {'; '.join(told)}.{_HOW_TO_SET if overrides else ''}"
        raise ConfigError(message) from error
    except ValueError as error:
        message = f"{origin}: {error}."
        raise ConfigError(message) from error
    for key in keys:
        _refuse_without_effect(recipe, key)
    return recipe


def _refuse_without_effect(recipe: Recipe, key: str) -> None:
    """Refuse (ConfigError) a key that the recipe does not use: it would change nothing, and nobody would notice."""
    config, why = recipe.config, ""
    if key == "config.market":
        why = f"a recipe runs the markets of its own list: --set markets='[\"{config.market}\"]'"
    elif recipe.candidates and key.startswith("config.") and key not in _CANDIDATE_KEYS:
        allowed = ", ".join(sorted(name.removeprefix("config.") for name in _CANDIDATE_KEYS))
        why = f"{recipe.name} runs what other recipes were run with; it has {allowed}"
    elif key.startswith("config.ensemble") and config.model != ENSEMBLE:
        why = f"the model is {config.model}: --set model={ENSEMBLE}"
    elif key.startswith("config.blend") and config.model != MARKET_BLEND:
        why = f"the model is {config.model}: --set model={MARKET_BLEND}"
    elif key == "config.calibrator" and config.model == MARKET_BLEND:
        why = "a market blend is its own calibration"
    if why:
        message = f"--set {key.removeprefix('config.')} has no effect: {why}."
        raise ConfigError(message)


def _plugin_files(content: Mapping[str, Any]) -> list[str]:
    """The plug-ins of an unchecked recipe; what is not a list of names is refused with the rest."""
    files = content.get("plugins")
    return [file for file in files if isinstance(file, str)] if isinstance(files, list | tuple) else []


def _checked(content: Mapping[str, Any], name: str) -> Recipe:
    """The recipe with this content.

    Raises:
        ValueError: It cannot be used (pydantic's ValidationError for a single key).
    """
    if "name" in content:
        message = "unknown key 'name': a recipe is called after its file and folder"
        raise ValueError(message)
    recipe = Recipe.model_validate({**content, "name": name})
    try:
        get_profile(recipe.config.gate_profile)
    except ConfigError as error:
        raise ValueError(str(error).rstrip(".")) from error
    if isinstance(recipe.study, AblationStudy) and recipe.study.baseline(recipe.config) == recipe.config:
        message = "the ablation takes nothing away that the run has: see study.without and study.against"
        raise ValueError(message)
    if recipe.study is not None and recipe.candidates is not None:
        message = "a recipe has a study or candidates, not both"
        raise ValueError(message)
    phase = name.split("/", maxsplit=1)[0]
    if phase not in {f"phase{known.number}" for known in PHASES.values()}:
        message = f"the folder of a recipe is phase1 to phase{len(PHASES)}, not {phase!r}"
        raise ValueError(message)
    return recipe


def _of_the_model(parts: list[str], content: Mapping[str, Any]) -> list[str]:
    """The path to a parameter of the recipe's model that is given by its bare name: ``num_leaves``."""
    if len(parts) > 1 or parts[0] in TrainerConfig.model_fields or parts[0] not in _model_parameters(content):
        return parts
    return ["model_params", *parts]


def _model_parameters(content: Mapping[str, Any]) -> frozenset[str]:
    """Names of the parameters of the model of an unchecked recipe; none where it does not name one as it should."""
    settings = content.get("config", {})
    model = settings.get("model", TrainerConfig().model) if isinstance(settings, Mapping) else None
    return parameter_names(model) if isinstance(model, str) else frozenset()


def _override(content: dict[str, Any], override: str) -> str:
    """Set one key of the document, creating tables as needed; return its full path."""
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        message = f"--set {override!r} is not NAME=VALUE.{_HOW_TO_SET}"
        raise ConfigError(message)
    parts = key.strip().split(".")
    if parts[0] not in Recipe.model_fields:
        parts = ["config", *_of_the_model(parts, content)]
    table = content
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            message = f"--set {override!r}: {part!r} is a value, not a table."
            raise ConfigError(message)
    try:
        table[parts[-1]] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        table[parts[-1]] = text.strip()
    return ".".join(parts)
