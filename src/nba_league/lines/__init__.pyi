from . import books as books
from . import faults as faults
