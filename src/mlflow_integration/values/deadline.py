"""How long one call to a server may take."""

from __future__ import annotations

import math
import os
from typing import Final

from nba_props.errors import ConfigError

VARIABLE: Final = "NBA_PROPS_DEADLINE"
DEFAULT_SECONDS: Final = 15.0


def deadline_seconds() -> float:
    """Return how long one call to a server may take: ``NBA_PROPS_DEADLINE``, 15 seconds by default.

    Raises:
        ConfigError: The variable is not a number above zero.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        seconds = float(text) if text else DEFAULT_SECONDS
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        message = f"{VARIABLE} is {text!r}: it must be a number of seconds above zero."
        raise ConfigError(message)
    return seconds
