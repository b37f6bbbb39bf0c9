"""All formats of files by name, of tables and of availability alike: the one list that `format=` chooses from."""

from __future__ import annotations

from typing import Final

from nba_props.data.availability import FORMATS
from nba_props.data.tables.formats import READERS
from nba_props.errors import ConfigError, did_you_mean

AVAILABILITY: Final = "availability"


def kind_of(name: str) -> str:
    """What kind of table a format is of: that of its reader, or AVAILABILITY.

    >>> kind_of("side rows"), kind_of("inactive list")
    ('odds', 'availability')

    Raises:
        ConfigError: There is no such format.
    """
    if name in READERS:
        return READERS[name].kind
    if name in FORMATS:
        return AVAILABILITY
    known = [*READERS, *FORMATS]
    message = f"Unknown format {name!r}{did_you_mean(name, known)}; known formats: {', '.join(known)}."
    raise ConfigError(message)
