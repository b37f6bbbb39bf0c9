from . import compare_experiments as compare_experiments
from . import deep_check as deep_check
from . import housekeeping_verbs as housekeeping_verbs
from . import options as options
from . import plan_verbs as plan_verbs
from . import promotion_verbs as promotion_verbs
from . import reading_verbs as reading_verbs
from . import registry_verbs as registry_verbs
from . import self_check as self_check
from . import serve as serve
from . import setup_experiments as setup_experiments
from . import test_tracking as test_tracking

__all__ = [
    "compare_experiments",
    "deep_check",
    "housekeeping_verbs",
    "options",
    "plan_verbs",
    "promotion_verbs",
    "reading_verbs",
    "registry_verbs",
    "self_check",
    "serve",
    "setup_experiments",
    "test_tracking",
]
