"""Data in: game logs, odds, their join, season tables, and the fingerprint of what was read.

Names are imported when they are first used: the loaders bring pandas and pandera, which take seconds.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
