"""From the Production model to tonight's card, settled tomorrow, watched, and rolled back when it gets worse."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
