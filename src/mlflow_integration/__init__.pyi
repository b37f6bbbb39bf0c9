from .gates.gate import DEFAULT_PRODUCTION_CRITERIA, Gate, GateReport
from .logging.autolog import autologging_off, disable_autologging, enable_autologging
from .logging.items import SupportsEvaluation
from .phases import PHASES
from .registry import ModelRegistry
from .stages.rules import Stage
from .tracker import NBAPropsTracker

__all__ = [
    "DEFAULT_PRODUCTION_CRITERIA",
    "PHASES",
    "Gate",
    "GateReport",
    "ModelRegistry",
    "NBAPropsTracker",
    "Stage",
    "SupportsEvaluation",
    "autologging_off",
    "disable_autologging",
    "enable_autologging",
]
