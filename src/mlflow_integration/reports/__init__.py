"""Reports on many runs: their sections, the week, and Markdown or HTML."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
