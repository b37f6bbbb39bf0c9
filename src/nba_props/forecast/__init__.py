"""Point forecasters behind one small protocol: boosted trees, a linear model, minutes times rate, feature selection."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
