"""Is it skill or luck: resampling by night, significance, and rules chosen on earlier folds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
