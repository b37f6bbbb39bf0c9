"""The plan: an open registry of recipes, their runs side by side, and the studies that answer a question.

>>> from models.plan import RECIPES, load_recipe
>>> load_recipe("platt").title
'Platt calibration'
>>> "phase2/opponent_features" in RECIPES
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
