"""Fetches data from where they are published: game logs, lines, injury reports. Needs the extra `nba`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
