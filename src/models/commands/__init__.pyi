from . import integrity as integrity
from . import live as live
from . import monitor as monitor
from . import options as options
from . import predict_props as predict_props
from . import replay_season as replay_season
from . import results as results
from . import settle_props as settle_props
from . import train_model as train_model
from . import training as training
from . import verify_run as verify_run

__all__ = [
    "integrity",
    "live",
    "monitor",
    "options",
    "predict_props",
    "replay_season",
    "results",
    "settle_props",
    "train_model",
    "training",
    "verify_run",
]
