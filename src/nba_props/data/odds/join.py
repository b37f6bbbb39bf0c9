"""Odds to games: the `quotes` table, and a report in which every odds row is accounted for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nba_props.arrays import Ints
from nba_props.data.names import UNKNOWN, PlayerIndex
from nba_props.data.odds.events import Schedule, evidence, locate, pair_number, tips
from nba_props.data.odds.load import canonical_odds
from nba_props.data.report import Cause, JoinReport, build_report
from nba_props.data.schemas import ODDS, ODDS_COLUMNS
from nba_props.data.tables import columns as _columns
from nba_props.data.tables.validate import Origin, check_frame
from nba_props.errors import DataError
from nba_props.markets import actual

_LOG: Final = logging.getLogger(__name__)

QUOTES: Final = (
    "game_date", "game_id", "player_id", "player_name", "home_team", "away_team", "bookmaker", "market", "line",
    "over_price", "under_price", "observed_at", "event_id", "actual", "tip", "alternate",
)  # fmt: skip
"""Columns of the `quotes` table, in order."""

_ORDER: Final = ("game_id", "player_id", "market", "bookmaker")


@dataclass(frozen=True)
class JoinResult:
    """The `quotes` table (see `docs/contract.md`) and what became of the other rows."""

    quotes: pd.DataFrame
    report: JoinReport


def join_odds(
    odds: pd.DataFrame,
    games: pd.DataFrame,
    *,
    aliases: Mapping[str, str] | None = None,
    fixtures: pd.DataFrame | None = None,
) -> JoinResult:
    """Join prop odds to the player-games they are settled on.

    The game is found by the unordered pair of teams and the exact US Eastern day (from `game_date`, or from the UTC
    time where that column is absent); the player by name among the two teams' players of that season, through accents,
    punctuation, suffixes, word order, nicknames and initials, as long as exactly one fits.

    Args:
        odds: As `load_odds` returns them, or in the same columns.
        games: The `games` table.
        aliases: Further spellings: name in the odds -> name in the log.
        fixtures: The `fixtures` table: tips of games of which no row of the odds tells one.

    Returns:
        `quotes`, sorted by game, player, market, bookmaker and time, one-sided quotes and voids included; and a report
        whose counts add up to the odds rows given.

    Raises:
        DataError: A column is missing, or a value of the odds is impossible.
    """
    odds = canonical_quotes(odds)
    if games.empty:
        source = "the games table"
        raise DataError(source, "it has no rows", fix="Load game logs of the seasons of the odds.")
    columns = (games["team"], games["opponent"], odds["home_team"], odds["away_team"])
    teams = pd.Index(sorted(set().union(*(column.unique() for column in columns))))
    schedule = Schedule(games, teams)
    game, cause, moved = _games_of(odds, schedule, teams)
    odds = odds.assign(tip=tips(odds, schedule, game, fixtures))
    player, rule = _players(odds, games, schedule, np.where(cause == Cause.MATCHED, game, -1), aliases)
    named = np.choose(np.clip(-player, 0, 2), [Cause.MATCHED, Cause.UNKNOWN_NAME, Cause.AMBIGUOUS_NAME])
    cause = np.where(cause == Cause.MATCHED, named, cause)
    row = _rows_of(games, schedule, game, player)
    cause = np.where((cause == Cause.MATCHED) & (row < 0), Cause.VOID, cause)
    cause = np.where(((cause == Cause.MATCHED) | (cause == Cause.VOID)) & _in_play(odds), Cause.IN_PLAY, cause)
    cause = np.where(_repeated(odds), Cause.DUPLICATE, cause)
    cause = _without_second_spellings(odds, cause, game, player)
    joined = np.flatnonzero((cause == Cause.MATCHED) | (cause == Cause.VOID))
    quotes, swapped = _quotes(odds.iloc[joined], games, schedule, game[joined], player[joined], row[joined])
    spelled = np.asarray(odds["player_name"].array.take(joined) == quotes["player_name"].array)
    rules = np.where(spelled, "as written", rule[joined])
    report = build_report(odds, cause, rules, joined, swapped=swapped, utc_dated=int(moved[joined].sum()))
    _LOG.info("%s", report)
    return JoinResult(_sorted(quotes), report)


def canonical_quotes(odds: pd.DataFrame) -> pd.DataFrame:
    """The odds as `load_odds` returns them, from any table with the columns that a join needs; checked.

    Raises:
        DataError: A column is missing, or a value is impossible.
    """
    source = "the odds table"
    missing = [name for name in _columns.ODDS_REQUIRED if name not in odds]
    if missing:
        fix = "Give the table that load_odds returns, or the same columns."
        raise _columns.missing_columns(source, list(odds), missing, fix)
    odds = odds.reset_index(drop=True)
    origin = Origin(source, {}, ("player_name", "bookmaker"), is_parquet=True)
    if list(odds) == list(ODDS_COLUMNS) and isinstance(odds["timestamp"].dtype, pd.DatetimeTZDtype):
        check_frame(odds, ODDS, origin)  # loaded, so canonical; the values may have been changed since
        return odds
    return canonical_odds(odds, origin)


def _in_play(odds: pd.DataFrame) -> NDArray[np.bool_]:
    """Seen at or after the tip; a bare date counts as its first moment."""
    return np.asarray(odds["timestamp"] >= odds["tip"])


def _games_of(odds: pd.DataFrame, schedule: Schedule, teams: pd.Index) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Game of every row, its cause so far, and whether its date was moved; worked out once per different event."""
    events = evidence(odds, pair_number(odds["home_team"], odds["away_team"], teams))
    group = events.groupby(list(events), sort=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    game, where, moved = locate(events.iloc[first], schedule)
    cause = np.choose(where, [Cause.MATCHED, Cause.NO_GAME, Cause.AMBIGUOUS_DATE, Cause.OBSERVED_AFTER_GAME])
    return game[group], cause[group], moved[group]


def _players(
    odds: pd.DataFrame, games: pd.DataFrame, schedule: Schedule, game: Ints, aliases: Mapping[str, str] | None
) -> tuple[Ints, NDArray[np.object_]]:
    """Player of every row with a game (`UNKNOWN` or `AMBIGUOUS` otherwise) and the rule that found the name."""
    index = PlayerIndex(games, aliases)
    code, names = pd.factorize(odds["player_name"])
    located = np.flatnonzero(game >= 0)
    season, team, opponent = (schedule.games[name].tolist() for name in ("season", "team", "opponent"))
    group, keys = pd.factorize(code[located] * np.int64(len(season)) + game[located])
    written = names.tolist()
    found = [
        index.find(written[name], season[played], (team[played], opponent[played]))
        for name, played in zip(*(part.tolist() for part in divmod(keys, len(season))), strict=True)
    ]
    player = np.full(len(odds), UNKNOWN, dtype="int64")
    rule = np.full(len(odds), "", dtype=object)
    if found:
        player[located] = np.array([player_id for player_id, _ in found], dtype="int64")[group]
        rule[located] = np.array([name for _, name in found], dtype=object)[group]
    return player, rule


def _rows_of(games: pd.DataFrame, schedule: Schedule, game: Ints, player: Ints) -> Ints:
    """Row of `games` of each player in each game, -1 where he did not appear."""
    of_row = pd.Index(schedule.games["game_id"]).get_indexer(games["game_id"])
    codes, people = pd.factorize(games["player_id"])
    keys = pd.Index(of_row.astype("int64") * len(people) + codes)
    person = pd.Index(people).get_indexer(player)
    sought = np.where((game >= 0) & (person >= 0), game * len(people) + person, -1)
    return np.asarray(keys.get_indexer(sought), dtype="int64")


def _repeated(odds: pd.DataFrame) -> NDArray[np.bool_]:
    columns = [name for name in odds if name != "source_file"]
    codes = pd.DataFrame({name: pd.factorize(odds[name])[0] for name in columns})
    return np.asarray(codes.duplicated())


def _without_second_spellings(odds: pd.DataFrame, cause: Ints, game: Ints, player: Ints) -> Ints:
    joined = (cause == Cause.MATCHED) | (cause == Cause.VOID)
    columns = ("bookmaker", "market", "line", "over_price", "under_price", "timestamp")
    codes = pd.DataFrame({name: pd.factorize(odds[name][joined])[0] for name in columns})
    again = codes.assign(game=game[joined], player=player[joined]).duplicated().to_numpy()
    cause = cause.copy()
    cause[joined.nonzero()[0][again]] = Cause.SAME_QUOTE
    return cause


def _quotes(
    odds: pd.DataFrame, games: pd.DataFrame, schedule: Schedule, game: Ints, player: Ints, row: Ints
) -> tuple[pd.DataFrame, int]:
    """The joined rows as quotes, in the order of the odds, and how many had home and away swapped."""
    home = _home_teams(games, schedule)
    # Text is taken from small pools by number: a million rows repeat a few hundred names.
    teams = pd.Index(sorted({*home, *odds["home_team"].unique(), *odds["away_team"].unique()}), dtype="str")
    sides = np.stack([teams.get_indexer(odds["home_team"]), teams.get_indexer(odds["away_team"])])
    at_home = teams.get_indexer(home)[game]
    swapped = (at_home != teams.get_indexer([""])[0]) & (at_home != sides[0])
    sides = np.where(swapped, sides[::-1], sides)
    settled = np.full(len(odds), np.nan)
    codes, markets = pd.factorize(odds["market"])
    for code, name in enumerate(markets):
        here = (codes == code) & (row >= 0)
        settled[here] = actual(games, name).to_numpy()[row[here]]
    latest = games.drop_duplicates("player_id", keep="last")
    spellings = pd.concat([games["player_name"], latest["player_name"]])
    person = len(games) + pd.Index(latest["player_id"]).get_indexer(player)
    quotes = pd.DataFrame(
        {
            "game_date": schedule.games["game_date"].to_numpy()[game],
            "game_id": schedule.games["game_id"].array.take(game),
            "player_id": player,
            "player_name": spellings.array.take(np.where(row >= 0, row, person)),
            "home_team": teams.array.take(sides[0]),
            "away_team": teams.array.take(sides[1]),
            **{name: odds[name].array for name in ("bookmaker", "market", "line", "over_price", "under_price")},
            "observed_at": odds["timestamp"].array,
            "event_id": odds["event_id"].array,
            "actual": settled,
            "tip": odds["tip"].array,
            "alternate": odds["alternate"].array,
        }
    )
    quotes["alternate"] |= _rungs(quotes)
    return quotes[list(QUOTES)], int(swapped.sum())


def _rungs(quotes: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of several lines of one book, prop and moment are not the main one.

    Its prices are the most alike; of several as much alike the lowest line is the main one.
    """
    payout = pd.DataFrame(
        {name: np.where(quotes[name] > 0, 100 / (quotes[name] + 100), quotes[name] / (quotes[name] - 100))
         for name in ("over_price", "under_price")}
    )  # fmt: skip
    apart = (payout["over_price"] - payout["under_price"]).abs().fillna(np.inf)
    moment = quotes.groupby(["game_id", "player_id", "market", "bookmaker", "observed_at"], sort=False, dropna=False)
    several = moment["line"].transform("nunique") > 1
    group = moment.ngroup()
    best = quotes["line"].where(apart.groupby(group).transform("min") == apart)
    return np.asarray(several & (quotes["line"] != best.groupby(group).transform("min")))


def _home_teams(games: pd.DataFrame, schedule: Schedule) -> NDArray[np.object_]:
    """Home team of every game of the schedule, empty at a neutral site."""
    sides = games.drop_duplicates(["game_id", "team"])
    # An away team tells the home team too, unless both teams are marked as away: a neutral site.
    away = sides[
        ~sides["home"] & ~sides["game_id"].isin(sides.loc[~sides["home"], "game_id"][lambda s: s.duplicated()])
    ]
    home = sides[sides["home"]]
    told = dict(zip(away["game_id"], away["opponent"], strict=True)) | dict(
        zip(home["game_id"], home["team"], strict=True)
    )
    return np.array([told.get(game_id, "") for game_id in schedule.games["game_id"]], dtype=object)


def _sorted(quotes: pd.DataFrame) -> pd.DataFrame:

    day = quotes["game_date"].rank(method="dense").to_numpy("int64")
    key = np.zeros(len(quotes), dtype="int64")
    for rank in (day, *(pd.factorize(quotes[name], sort=True)[0] for name in _ORDER)):
        key = key * (rank.max(initial=0) + 1) + rank
    time = quotes["observed_at"].dt.tz_localize(None).to_numpy().astype("int64")
    order = np.lexsort((quotes["line"].to_numpy(), time, key))
    return quotes.iloc[order].reset_index(drop=True)
