"""The commands of the wrapper (set up, compare, check); `scripts/mlflow` and the entry points lead here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
