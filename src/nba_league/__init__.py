"""A seeded league of invented players: box scores that add up, sportsbook lines, and the truth behind both.

The marginals of its box scores (mean, spread and autocorrelation of minutes, points, rebounds and assists by minutes
tier) lie within a tenth of those of four real seasons; `scripts/data/compare_marginals.py` prints them side by side.
Everything it makes is SIMULATED.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
