from . import bootstrap as bootstrap
from . import optimise as optimise
from . import significance as significance
