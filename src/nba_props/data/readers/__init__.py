"""One module per file format that people have; each adds its `Reader` to `nba_props.data.tables.formats.READERS`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
