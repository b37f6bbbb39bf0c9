from . import app as app
from . import one as one
from . import team as team
