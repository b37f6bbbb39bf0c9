from . import events as events
from . import join as join
from . import load as load
from . import snapshots as snapshots
