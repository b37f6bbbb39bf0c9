"""Features of player-games, each as of the game's date: games of strictly earlier dates and nothing else.

>>> from nba_props.features import build_features, catalogue
>>> len(catalogue()) >= 120
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
