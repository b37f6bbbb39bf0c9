"""What is known of players and teams before a date, and the tables it is read from."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
