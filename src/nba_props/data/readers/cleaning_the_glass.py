"""Cleaning the Glass exports and season tables of the same columns; the loader of season tables reads them."""

from __future__ import annotations

from nba_props.data.tables.formats import SEASON_TABLE, Reader, add

add(Reader("Cleaning the Glass", SEASON_TABLE, ("player|playername|name", "usage|usage%|usg%|psa|ast%|tov%|efg%|orb%")))
