from .gates import (
    DEFAULT_PRODUCTION_CRITERIA,
    GATES,
    PROFILES,
    Answer,
    Gate,
    GateProfile,
    GateReport,
    NamedGate,
    Verdict,
    get_profile,
    load_profiles,
)
from .logging.autolog import autologging_off, disable_autologging, enable_autologging
from .logging.items import SupportsEvaluation
from .phases import PHASES
from .registry import ModelRegistry
from .stages.rules import Stage
from .tracker import NBAPropsTracker

__all__ = [
    "DEFAULT_PRODUCTION_CRITERIA",
    "GATES",
    "PHASES",
    "PROFILES",
    "Answer",
    "Gate",
    "GateProfile",
    "GateReport",
    "ModelRegistry",
    "NBAPropsTracker",
    "NamedGate",
    "Stage",
    "SupportsEvaluation",
    "Verdict",
    "autologging_off",
    "disable_autologging",
    "enable_autologging",
    "get_profile",
    "load_profiles",
]
