from . import base as base
from . import conformal as conformal
from . import negative_binomial as negative_binomial
from . import normal as normal
from . import quantile as quantile
from . import scale as scale
