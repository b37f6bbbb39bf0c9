from . import error_analysis as error_analysis
from . import live as live
from . import market as market
from . import paired as paired
from . import pricing as pricing
from . import regression as regression
from . import running as running
from . import sequential as sequential
from . import timing as timing

__all__ = [
    "error_analysis",
    "live",
    "market",
    "paired",
    "pricing",
    "regression",
    "running",
    "sequential",
    "timing",
]
