"""The thirty teams and the names the sources give them."""

from __future__ import annotations

import re
from typing import Final

TEAMS: Final[dict[str, tuple[str, str]]] = {
    "ATL": ("Atlanta", "Hawks"),
    "BKN": ("Brooklyn", "Nets"),
    "BOS": ("Boston", "Celtics"),
    "CHA": ("Charlotte", "Hornets"),
    "CHI": ("Chicago", "Bulls"),
    "CLE": ("Cleveland", "Cavaliers"),
    "DAL": ("Dallas", "Mavericks"),
    "DEN": ("Denver", "Nuggets"),
    "DET": ("Detroit", "Pistons"),
    "GSW": ("Golden State", "Warriors"),
    "HOU": ("Houston", "Rockets"),
    "IND": ("Indiana", "Pacers"),
    "LAC": ("LA", "Clippers"),
    "LAL": ("Los Angeles", "Lakers"),
    "MEM": ("Memphis", "Grizzlies"),
    "MIA": ("Miami", "Heat"),
    "MIL": ("Milwaukee", "Bucks"),
    "MIN": ("Minnesota", "Timberwolves"),
    "NOP": ("New Orleans", "Pelicans"),
    "NYK": ("New York", "Knicks"),
    "OKC": ("Oklahoma City", "Thunder"),
    "ORL": ("Orlando", "Magic"),
    "PHI": ("Philadelphia", "76ers"),
    "PHX": ("Phoenix", "Suns"),
    "POR": ("Portland", "Trail Blazers"),
    "SAC": ("Sacramento", "Kings"),
    "SAS": ("San Antonio", "Spurs"),
    "TOR": ("Toronto", "Raptors"),
    "UTA": ("Utah", "Jazz"),
    "WAS": ("Washington", "Wizards"),
}
"""nba.com abbreviation -> (city, nickname)."""

_ALIASES: Final = {
    "losangelesclippers": "LAC",
    "lalakers": "LAL",
    "philadelphiasixers": "PHI",
    "sixers": "PHI",
    "portlandblazers": "POR",
    "blazers": "POR",
    "brk": "BKN",
    "cho": "CHA",
    "gs": "GSW",
    "no": "NOP",
    "noh": "NOP",
    "ny": "NYK",
    "pho": "PHX",
    "sa": "SAS",
    "utah": "UTA",
    "wsh": "WAS",
}


_PAST: Final = {
    "charlottebobcats": "CHA",
    "newjerseynets": "NJN",
    "neworleanshornets": "NOH",
    "neworleansoklahomacityhornets": "NOK",
    "oklahomacityhornets": "NOK",
    "seattlesupersonics": "SEA",
    "vancouvergrizzlies": "VAN",
    "washingtonbullets": "WAS",
}
"""Teams as they were called from 1996-97 on -> nba.com's abbreviation of that time."""
_FIRST_CHARLOTTE: Final = "CHH"
"""The Charlotte Hornets before they moved to New Orleans in 2002."""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_NAME: Final = {
    **{_plain(code): code for code in TEAMS},
    **{_plain(nickname): code for code, (_, nickname) in TEAMS.items()},
    **{_plain(city + nickname): code for code, (city, nickname) in TEAMS.items()},
    **{_plain(city): code for code, (city, _) in TEAMS.items() if code not in ("LAC", "LAL")},
    **_ALIASES,
    # `GS Warriors`, `NY Knicks`: a short form before the nickname
    **{_plain(short + TEAMS[code][1]): code for short, code in _ALIASES.items() if len(short) <= 3},
    **{_plain(code + nickname): code for code, (_, nickname) in TEAMS.items()},
}


def team_code(name: str) -> str | None:
    """nba.com's abbreviation of a team given by full name, city, nickname or abbreviation; None if there is none.

    >>> team_code("Golden State Warriors"), team_code("GS Warriors"), team_code("Boston"), team_code("Los Angeles")
    ('GSW', 'GSW', 'BOS', None)
    """
    return _BY_NAME.get(_plain(name))


def team_code_in(city: str, nickname: str, first_year: int) -> str | None:
    """nba.com's abbreviation of a team in the season that began in `first_year`; None if there was no such team.

    >>> team_code_in("New Orleans", "Hornets", 2005), team_code_in("Charlotte", "Hornets", 1999)
    ('NOH', 'CHH')
    >>> team_code_in("Team", "LeBron", 2022) is None
    True
    """
    whole = _plain(city + nickname)
    if whole == "charlottehornets" and first_year < 2002:
        return _FIRST_CHARLOTTE
    if whole in _PAST:
        return _PAST[whole]
    return team_code(whole) or (team_code(nickname) if not city.strip() else None)
