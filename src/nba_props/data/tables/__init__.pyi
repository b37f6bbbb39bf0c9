from . import columns as columns
from . import files as files
from . import formats as formats
from . import stream as stream
from . import validate as validate
