from . import absences as absences
from . import batch as batch
from . import card as card
from . import checks as checks
from . import monitor as monitor
from . import page as page
from . import record as record
from . import replay as replay
from . import settle as settle
from . import shadow as shadow
from . import show as show
from . import slate as slate
from . import stakes as stakes
from . import tonight as tonight

__all__ = [
    "absences",
    "batch",
    "card",
    "checks",
    "monitor",
    "page",
    "record",
    "replay",
    "settle",
    "shadow",
    "show",
    "slate",
    "stakes",
    "tonight",
]
