from . import make as make
from . import model as model
from . import prop_forecast as prop_forecast
from . import pyfunc as pyfunc
