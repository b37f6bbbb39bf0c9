"""The model of a run as MLflow keeps it: the whole forecast, loaded again and checked."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
