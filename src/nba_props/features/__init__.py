"""Features of player-games, each as of the game's date: games of strictly earlier dates and nothing else.

>>> from nba_props.features import build_features, catalogue
>>> len(catalogue()) >= 120
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nba_props.features._build import GROUPS, build_features, catalogue, feature_names
    from nba_props.features._cache import cached_features
    from nba_props.features._catalogue import Feature
    from nba_props.features.naive import mean_minutes_before, naive_forecasts, prior_games_in_season

__all__ = [
    "GROUPS",
    "Feature",
    "build_features",
    "cached_features",
    "catalogue",
    "feature_names",
    "mean_minutes_before",
    "naive_forecasts",
    "prior_games_in_season",
]

_HOME = {
    "Feature": "_catalogue",
    "cached_features": "_cache",
    "mean_minutes_before": "naive",
    "naive_forecasts": "naive",
    "prior_games_in_season": "naive",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a public name on first use: pandas takes two seconds that `--help` does not have."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    import importlib  # noqa: PLC0415 - part of the lazy loading

    return getattr(importlib.import_module(f"{__name__}.{_HOME.get(name, '_build')}"), name)
