from . import artifacts as artifacts
from . import best as best
from . import comparison as comparison
from . import export as export
from . import housekeeping as housekeeping
from . import luck as luck
from . import phases as phases
from . import reader as reader
from . import search as search

__all__ = [
    "artifacts",
    "best",
    "comparison",
    "export",
    "housekeeping",
    "luck",
    "phases",
    "reader",
    "search",
]
