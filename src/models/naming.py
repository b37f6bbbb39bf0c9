"""Names of runs: what a reader of the run list wants to know first, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nba_props.forecast import ENSEMBLE

if TYPE_CHECKING:
    from models.data import TrainingData
    from nba_props.config import TrainerConfig

DOT: Final = " · "
_WORDS: Final = {"num_leaves": "leaves", "max_depth": "depth", "n_estimators": "trees", "learning_rate": "rate"}
_SHOWN: Final = {"lightgbm": {"num_leaves": 31}, "xgboost": {"max_depth": 6}}
"""The setting that tells two models of a kind apart, with the library's default; the estimator's own comes first."""
_MOST: Final = 3


def run_name(config: TrainerConfig, data: TrainingData, what: str = "") -> str:
    """Market, model, main settings, test seasons, SIMULATED where it is: ``pra · lightgbm · leaves 31 · 2024-25``.

    `what` (the recipe, "trial 3") comes after the market.
    """
    parts = [config.market, what, config.model, *_main_settings(config), _span(test_seasons(config, data))]
    return DOT.join(filter(None, [*parts, "SIMULATED" if data.simulated else ""]))


def test_seasons(config: TrainerConfig, data: TrainingData) -> list[str]:
    """Seasons that the run is tested on, in order."""
    from models.forecasting import first_test_season

    seasons = sorted(data.games["season"].unique())
    first = first_test_season(data, config) or seasons[-1]
    return [season for season in seasons if season >= first]


def _span(seasons: list[str]) -> str:
    """One season, or the first and the last: ``2022-23 to 2024-25``."""
    return " to ".join(dict.fromkeys((seasons[0], seasons[-1]))) if seasons else ""


def _main_settings(config: TrainerConfig) -> list[str]:
    if config.model == ENSEMBLE:
        return [f"{config.ensemble.method} of {len(config.ensemble.members)}"]
    settings = {**_defaults(config.model), **config.model_params}
    return [f"{_WORDS.get(name, name.replace('_', ' '))} {_short(value)}" for name, value in settings.items()][:_MOST]


def _defaults(model: str) -> dict[str, object]:
    """The main setting of a booster as this project starts it."""
    from nba_props.forecast import make_estimator

    shown = _SHOWN.get(model, {})
    own = make_estimator(model).params if shown else {}
    return {name: own.get(name, value) for name, value in shown.items()}


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
