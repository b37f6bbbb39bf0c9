from . import sections as sections
from . import week_plan as week_plan
from . import weekly as weekly
from . import write as write

__all__ = [
    "sections",
    "week_plan",
    "weekly",
    "write",
]
