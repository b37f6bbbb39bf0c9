"""Whether a run's numbers are those that its model, its data and its settings give."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
