"""One row per side (Over and Under apart), The Odds API's flat CSV among them: paired to quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from nba_props.data.market_names import market_key
from nba_props.data.tables.columns import plain
from nba_props.data.tables.files import read_text
from nba_props.data.tables.formats import ODDS, Brought, Options, Reader, add
from nba_props.markets import MARKETS

if TYPE_CHECKING:
    from nba_props.data.tables.formats import TableFile

_ACCEPTED: Final[dict[str, tuple[str, ...]]] = {
    "side": ("side", "overunder", "betside", "selection", "outcome", "outcomename", "label", "name"),
    "price": ("price", "odds", "outcomeprice", "americanodds", "decimalodds"),
    "line": ("line", "point", "outcomepoint", "handicap"),
    "player_name": ("playername", "player", "description", "outcomedescription", "participant"),
    "market": ("market", "marketkey", "markettype", "stat", "stattype"),
    "bookmaker": ("bookmaker", "bookmakerkey", "bookmakertitle", "book", "sportsbook"),
    "home_team": ("hometeam", "home"),
    "away_team": ("awayteam", "away"),
    "timestamp": ("timestamp", "observedat", "marketlastupdate", "lastupdate", "bookmakerlastupdate", "snapshot"),
    "game_date": ("gamedate",),
    "source_date": ("sourcedate",),
    "commence_time": ("commencetime", "tip"),
    "event_id": ("eventid", "gameid", "id"),
}
_REQUIRED: Final = ("side", "price", "line", "player_name", "market", "bookmaker", "home_team", "away_team")
_SIDES: Final = {"over": "over", "o": "over", "higher": "over", "more": "over", "under": "under", "u": "under",
                 "lower": "under", "less": "under"}  # fmt: skip

_APART: Final = pd.Timedelta(minutes=1)
_SIDE: Final = rf"(?:^|\s)({'|'.join(_SIDES)})(?:\s*[\d.]+)?$"


def pair_sides(rows: pd.DataFrame) -> Brought:
    """Quotes from rows with `side` and `price`; the n-th Over of a prop, book and time goes with its n-th Under.

    Rows of unknown markets, and those whose side is neither (Yes, No, First, ...), are left out and counted.
    """
    total = len(rows)
    markets = {name: market_key(str(name)) in MARKETS for name in rows["market"].dropna().unique()}
    rows = rows[rows["market"].map(markets).fillna(value=True).astype(bool)]
    # `Over 20.5` says the line again, `Jayson Tatum Over` the player
    word = rows["side"].fillna("").str.strip().str.lower().str.extract(_SIDE)[0]
    side = word.map(_SIDES)
    told = rows[side.notna()].drop(columns=["side", "price"])
    side = side[side.notna()]
    key = told.groupby(list(told), dropna=False, sort=False).ngroup()
    nth = key.groupby([key, side]).cumcount()
    place = pd.MultiIndex.from_arrays([key, nth])
    frame = told[~place.duplicated()]
    price = rows.loc[told.index, "price"]
    for name in ("over", "under"):
        here = (side == name).to_numpy()
        values = pd.Series(price.to_numpy()[here], index=place[here], dtype=price.dtype)
        frame = frame.assign(**{f"{name}_price": values.reindex(place[~place.duplicated()]).to_numpy()})
    dropped = {"unknown market": total - len(rows), "neither over nor under": len(rows) - len(told)}
    return Brought(frame, total, {cause: count for cause, count in dropped.items() if count}, sides=True)


def join_late_sides(odds: pd.DataFrame) -> pd.DataFrame:
    """Put quotes together whose sides were seen apart, but within a minute; they count as seen at the later moment.

    Whoever writes the sides one after the other stamps them one after the other. Sides further apart are two quotes of
    one side: nobody knows the other price of either moment. The order of the rows stays; of each pair one goes.
    """
    alone = odds["over_price"].isna() != odds["under_price"].isna()
    rows = odds[alone & odds["timestamp"].notna()]
    apart = ("over_price", "under_price", "timestamp")
    seen = pd.DataFrame(
        {
            "quote": rows.groupby([name for name in odds if name not in apart], dropna=False, sort=False).ngroup(),
            "timestamp": rows["timestamp"],
            "row": rows.index,
            "over": rows["over_price"].notna(),
        }
    ).sort_values("timestamp", kind="stable")
    if seen["over"].all() or not seen["over"].any():
        return odds
    unders = seen[~seen["over"]].assign(at=seen["timestamp"], under=seen["row"]).drop(columns=["row", "over"])
    pairs = pd.merge_asof(
        seen[seen["over"]], unders, on="timestamp", by="quote", direction="nearest", tolerance=_APART
    ).dropna(subset="under")
    pairs = pairs.assign(gap=(pairs["timestamp"] - pairs["at"]).abs()).sort_values("gap", kind="stable")
    pairs = pairs.drop_duplicates("under")
    whole = odds.copy()
    whole.loc[pairs["row"], "under_price"] = odds.loc[pairs["under"], "under_price"].to_numpy()
    whole.loc[pairs["row"], "timestamp"] = pairs[["timestamp", "at"]].max(axis=1).array
    return whole.drop(index=pairs["under"])


def _read(table: TableFile, _options: Options) -> Brought:
    raw = read_text(table)
    by_plain = {plain(name): name for name in raw}
    names = {c: next((by_plain[s] for s in spellings if s in by_plain), "") for c, spellings in _ACCEPTED.items()}
    names = {canonical: name for canonical, name in names.items() if name}
    return pair_sides(pd.DataFrame({canonical: raw[name] for canonical, name in names.items()}))


add(Reader("side rows", ODDS, tuple("|".join(_ACCEPTED[name]) for name in _REQUIRED), _read))
