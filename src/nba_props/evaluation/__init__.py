"""Walk-forward evaluation: folds, out-of-sample predictions, and the metrics computed from them once."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
