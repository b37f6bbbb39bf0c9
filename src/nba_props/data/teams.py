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


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_NAME: Final = {
    **{_plain(code): code for code in TEAMS},
    **{_plain(nickname): code for code, (_, nickname) in TEAMS.items()},
    **{_plain(city + nickname): code for code, (city, nickname) in TEAMS.items()},
    **_ALIASES,
}


def team_code(name: str) -> str | None:
    """nba.com's abbreviation of a team given by full name, nickname or abbreviation; None if there is no such team."""
    return _BY_NAME.get(_plain(name))
