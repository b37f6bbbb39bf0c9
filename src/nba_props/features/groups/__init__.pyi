from . import availability as availability
from . import core as core
from . import forecasts as forecasts
from . import minutes as minutes
from . import schedule as schedule
from . import teams as teams
from . import temporal as temporal

__all__ = [
    "availability",
    "core",
    "forecasts",
    "minutes",
    "schedule",
    "teams",
    "temporal",
]
