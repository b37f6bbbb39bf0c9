"""Where the teams play: arena coordinates, altitude and standard-time offset by nba.com abbreviation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from nba_props.arrays import Floats

CITIES: Final[dict[str, tuple[float, float, float, float]]] = {
    "ATL": (33.76, -84.40, 320.0, -5.0),
    "BKN": (40.68, -73.98, 15.0, -5.0),
    "BOS": (42.37, -71.06, 5.0, -5.0),
    "CHA": (35.23, -80.84, 230.0, -5.0),
    "CHI": (41.88, -87.67, 181.0, -6.0),
    "CLE": (41.50, -81.69, 200.0, -5.0),
    "DAL": (32.79, -96.81, 130.0, -6.0),
    "DEN": (39.75, -105.01, 1600.0, -7.0),
    "DET": (42.34, -83.06, 183.0, -5.0),
    "GSW": (37.77, -122.39, 5.0, -8.0),
    "HOU": (29.75, -95.36, 15.0, -6.0),
    "IND": (39.76, -86.16, 218.0, -5.0),
    "LAC": (34.04, -118.27, 89.0, -8.0),
    "LAL": (34.04, -118.27, 89.0, -8.0),
    "MEM": (35.14, -90.05, 80.0, -6.0),
    "MIA": (25.78, -80.19, 2.0, -5.0),
    "MIL": (43.05, -87.92, 188.0, -6.0),
    "MIN": (44.98, -93.28, 255.0, -6.0),
    "NJN": (40.73, -74.17, 5.0, -5.0),
    "NOH": (29.95, -90.08, 2.0, -6.0),
    "NOK": (35.46, -97.52, 365.0, -6.0),
    "NOP": (29.95, -90.08, 2.0, -6.0),
    "NYK": (40.75, -73.99, 10.0, -5.0),
    "OKC": (35.46, -97.52, 365.0, -6.0),
    "ORL": (28.54, -81.38, 30.0, -5.0),
    "PHI": (39.90, -75.17, 5.0, -5.0),
    "PHX": (33.45, -112.07, 331.0, -7.0),
    "POR": (45.53, -122.67, 15.0, -8.0),
    "SAC": (38.58, -121.50, 9.0, -8.0),
    "SAS": (29.43, -98.44, 198.0, -6.0),
    "SEA": (47.62, -122.35, 50.0, -8.0),
    "TOR": (43.64, -79.38, 76.0, -5.0),
    "UTA": (40.77, -111.90, 1290.0, -7.0),
    "WAS": (38.90, -77.02, 10.0, -5.0),
}
"""Latitude, longitude (degrees), altitude (m) and hours from UTC in winter. Approximate: features, not navigation."""

_EARTH_KM: Final = 6371.0


def city_table(teams: Sequence[str]) -> Floats:
    """(team, 4) rows of `CITIES`; NaN for a team that is not in it."""
    return np.array([CITIES.get(team, (np.nan,) * 4) for team in teams]).reshape(len(teams), 4)


def distances_km(table: Floats) -> Floats:
    """(team, team) great-circle distances in km, by the haversine formula.

    >>> distances_km(city_table(["BOS", "LAL"])).round().tolist()
    [[0.0, 4172.0], [4172.0, 0.0]]
    """
    latitude, longitude = np.radians(table[:, 0]), np.radians(table[:, 1])
    rise = np.sin((latitude[:, None] - latitude) / 2.0) ** 2
    turn = np.sin((longitude[:, None] - longitude) / 2.0) ** 2
    inner = rise + np.cos(latitude)[:, None] * np.cos(latitude) * turn
    return np.asarray(2.0 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(inner, 0.0, 1.0))), dtype=np.float64)
