from . import absences as absences
from . import asof as asof
from . import cities as cities
from . import context as context
from . import defence as defence
from . import ewma as ewma
from . import fixtures as fixtures
from . import line_up as line_up
from . import rates as rates
from . import roster as roster
from . import table as table
from . import team_rates as team_rates
from . import windows as windows

__all__ = [
    "absences",
    "asof",
    "cities",
    "context",
    "defence",
    "ewma",
    "fixtures",
    "line_up",
    "rates",
    "roster",
    "table",
    "team_rates",
    "windows",
]
