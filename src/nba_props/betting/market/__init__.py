"""Prices, no-vig probabilities, and which quotes were on offer, closed, or should not be used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
