"""Prop odds: loaded, kept as snapshots, and joined to the games they are settled on."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
