from . import arrays as arrays
from . import atomic as atomic
from . import betting as betting
from . import config as config
from . import content as content
from . import data as data
from . import errors as errors
from . import evaluation as evaluation
from . import features as features
from . import fetch as fetch
from . import forecast as forecast
from . import markets as markets
from . import metrics as metrics
from . import plots as plots
from . import plugins as plugins
from . import probability as probability
from . import version as version

__all__ = [
    "arrays",
    "atomic",
    "betting",
    "config",
    "content",
    "data",
    "errors",
    "evaluation",
    "features",
    "fetch",
    "forecast",
    "markets",
    "metrics",
    "plots",
    "plugins",
    "probability",
    "version",
]
