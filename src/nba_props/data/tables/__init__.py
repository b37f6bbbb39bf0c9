"""How files become tables: which files are meant, what their headers say, how they are read and checked."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
