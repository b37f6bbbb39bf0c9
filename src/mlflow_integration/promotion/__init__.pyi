from . import audit as audit
from . import bundle as bundle
from . import card as card
from . import judging as judging
from . import model_registry as model_registry
from . import promoter as promoter
from . import reading as reading
from . import records as records
from . import staging as staging

__all__ = [
    "audit",
    "bundle",
    "card",
    "judging",
    "model_registry",
    "promoter",
    "reading",
    "records",
    "staging",
]
