from .build import build_features, catalogue, feature_names
from .cache import cached_features
from .families import feature_families, feature_texts
from .feature import GROUPS, Feature, feature_group
from .groups.availability import AVAILABILITY_GROUPS
from .history.absences import Absences
from .naive import mean_minutes_before, naive_forecasts, prior_games_in_season

__all__ = [
    "AVAILABILITY_GROUPS",
    "GROUPS",
    "Absences",
    "Feature",
    "build_features",
    "cached_features",
    "catalogue",
    "feature_families",
    "feature_group",
    "feature_names",
    "feature_texts",
    "mean_minutes_before",
    "naive_forecasts",
    "prior_games_in_season",
]
