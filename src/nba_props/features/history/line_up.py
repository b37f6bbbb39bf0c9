"""Who of the regulars is out tonight, and what that leaves to each of the others, as of each player-game.

Of tonight's game only one thing is read: who is known to be out, as a matrix of yes and no (`Absences`). Minutes and
numbers are those of strictly earlier games. The definitions, and what each is worth, were measured on real games;
docs/features.md has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba_props.arrays import Bools, Floats, Ints
from nba_props.features.history.absences import KnownOut
from nba_props.features.history.asof import Log, Past, masked_ratio
from nba_props.features.history.block import Block
from nba_props.features.history.ewma import decay_of_half_life, ewma
from nba_props.features.history.fixtures import Fixtures
from nba_props.features.history.role_form import ROLE_FORM, closeness, role_form, role_of
from nba_props.features.history.table import Table

_PARTS: Final = ("min", "pts", "reb", "ast")
_SETS: Final = ("out", "newly_out", "back")

CONTEXT: Final = (
    *(f"{name}_{part}" for name in _SETS for part in _PARTS),
    "available_min", "scaled_min", "min_above", *(f"available_rank_{part}" for part in _PARTS), "min_over_fifth",
    "out_overlap",
)  # fmt: skip
"""What tonight's line-up leaves to the player."""

SHARE: Final = (*(f"available_{part}" for part in _PARTS[1:]), *(f"scaled_{part}" for part in (*_PARTS[1:], "pra")))
"""What the others who are there produce, and what is his if all of them share what the team produces."""

FORM: Final = ("min", "pts", "reb", "ast", "pra")
"""Series whose mean under similar line-ups is taken."""

USUAL: Final = 3
"""Half-life, in games, of what a line-up usually leaves to the player: 8 games beside it gained nothing."""

_REGULAR_MINUTES: Final = 20.0
_RECENT, _LONG = 10, 20
_LEAST: Final = 3
_OFTEN: Final = 6
"""A regular played 3 of the team's last 20 games, and 3 of the last 10, or 2 of them and 6 of the 20."""

_ALIKE: Final = 35.0
"""Minutes of line-up that differ, over which the weight of an earlier game falls to 1/e."""
_FADE: Final = 15.0
"""Team games over which the weight of an earlier game is halved."""
_TIE: Final = 1e-9
"""Two players closer than this are level: less than this is rounding."""


def line_up(table: Table, players: Log, fixtures: Fixtures, known_out: KnownOut) -> dict[str, Floats]:
    """Columns `CONTEXT`, `SHARE`, ``form_<series>`` and `ROLE_FORM` of each player-game; NaN before any history.

    `players` is the table as a log of players.
    """
    minutes = 240.0 * masked_ratio(table.stat["min"], fixtures.total["min"][fixtures.row])
    series = np.stack([minutes, *(table.stat[name] for name in FORM[1:])])
    context = np.empty((len(CONTEXT), len(table.player)))
    share = np.empty((2 * len(_PARTS[1:]), len(table.player)))
    form = np.empty((len(FORM), len(table.player)))
    in_role = np.empty((len(ROLE_FORM), len(table.player)))
    for cast in _casts(table, players, fixtures, minutes):
        block = _block(cast, fixtures, known_out)
        context[:, cast.rows] = _context(block, cast.player, cast.game)
        share[:, cast.rows] = _share(block, cast.player, cast.game)
        form[:, cast.rows] = _form(block, series[:, cast.rows], cast.player, cast.game)
        in_role[:, cast.rows] = role_form(block, series[:, cast.rows], cast.player, cast.game)
    names = (*CONTEXT, *SHARE, *(f"form_{name}" for name in FORM), *ROLE_FORM)
    return dict(zip(names, [*context, *_scaled(share, fixtures), *form, *in_role], strict=True))


@dataclass(frozen=True)
class _Cast:
    """The players of one team and season, and what is known of them before each of its games: (player, game) each.

    Attributes:
        rows: Their player-games.
        ids: Code of each player: those of the season and those of the team's last 20 games before it.
        before: (player, game) whether he played each of those games, at most 20.
        player, game: Which of the players, and which of the games, each of `rows` is of.
        now, long_run: As in `Block`.
        here: His last game was for this team.
    """

    rows: Ints
    games: slice
    ids: Ints
    before: Bools
    player: Ints
    game: Ints
    now: Floats
    long_run: Floats
    here: Bools


def _casts(table: Table, players: Log, fixtures: Fixtures, minutes: Floats) -> Iterator[_Cast]:
    """Every team and season. What is known of the players is computed for all of them at once."""
    blocks = [_squad(table, fixtures, rows, games) for rows, games in fixtures.team_seasons()]
    if not blocks:
        return
    who = np.concatenate([np.repeat(ids, games.stop - games.start) for _, games, ids, _ in blocks])
    fixture = np.concatenate([np.tile(np.arange(games.start, games.stop), len(ids)) for _, games, ids, _ in blocks])
    career = players.past(who, fixtures.day[fixture])
    season = career.since(players.season_start(who, fixtures.season[fixture]))
    now, long_run = _expected(table, players, career, season, minutes)
    here = (table.team[np.maximum(career.end - 1, 0)] == fixtures.team[fixture]) & (career.count > 0)
    edge = 0
    for rows, games, ids, before in blocks:
        shape = len(ids), games.stop - games.start
        part = slice(edge, edge + shape[0] * shape[1])
        edge = part.stop
        yield _Cast(
            rows=rows,
            games=games,
            ids=ids,
            before=before,
            player=np.searchsorted(ids, table.player[rows]),
            game=fixtures.row[rows] - games.start,
            now=now[:, part].reshape(-1, *shape),
            long_run=long_run[part].reshape(shape),
            here=here[part].reshape(shape),
        )


def _squad(table: Table, fixtures: Fixtures, rows: Ints, games: slice) -> tuple[Ints, slice, Ints, Bools]:
    """A team's season, its players and those of its last games before, and who played those."""
    earliest = max(games.start - _LONG, int(fixtures.log.first(fixtures.team[games.start : games.start + 1])[0]))
    old = fixtures.rows_of(slice(earliest, games.start))
    ids = np.unique(np.concatenate([table.player[rows], table.player[old]]))
    before = np.zeros((len(ids), games.start - earliest), dtype=bool)
    before[np.searchsorted(ids, table.player[old]), fixtures.row[old] - earliest] = True
    return rows, games, ids, before


def _expected(table: Table, players: Log, career: Past, season: Past, minutes: Floats) -> tuple[Floats, Floats]:
    """Expected minutes, points, rebounds and assists, and minutes in the long run; NaN for a player without a game.

    Minutes are 0.6 recent form (half-life 3 games) and 0.4 season's mean; in the long run half form (half-life 8) and
    half season's mean. Before a season's first game form alone counts.
    """
    short, long = decay_of_half_life(3), decay_of_half_life(8)
    form = ewma(career, {"min": minutes}, [short, long])
    box = ewma(career, {name: table.stat[name] for name in _PARTS[1:]}, [long])
    mean = masked_ratio(season.total(players.running(minutes[:, None]))[:, 0], season.count.astype(np.float64))
    mean_or_form = [np.where(np.isfinite(mean), mean, form["min", decay]) for decay in (short, long)]
    expected = 0.6 * form["min", short] + 0.4 * mean_or_form[0]
    return np.stack([expected, *(box[name, long] for name in _PARTS[1:])]), 0.5 * (form["min", long] + mean_or_form[1])


def _block(cast: _Cast, fixtures: Fixtures, known_out: KnownOut) -> Block:
    """Who is a regular, who is out and who is there, before each game of a team and season."""
    size, old = cast.games.stop - cast.games.start, cast.before.shape[1]
    known = fixtures.own.end[cast.games] - cast.games.start
    told = known + old
    played = np.zeros((len(cast.ids), size), dtype=bool)
    played[cast.player, cast.game] = True
    nobody = np.zeros((len(cast.ids), 1), dtype=np.int64)
    counted = np.concatenate([nobody, np.cumsum(np.concatenate([cast.before, played], axis=1), axis=1)], axis=1)
    of_last = [counted[:, told] - counted[:, np.maximum(told - games, 0)] for games in (_RECENT, _LONG, 1)]
    often = of_last[0] + (of_last[1] >= _OFTEN) >= _LEAST
    regular = cast.here & (of_last[1] >= _LEAST) & often & (cast.long_run >= _REGULAR_MINUTES)
    last = np.where(known == 0, of_last[0], of_last[2]) > 0
    if known_out.stand_in:
        missing = ~played
    else:
        missing = np.where(known_out.reported[cast.games], known_out.listed(cast.games, cast.ids), ~last)
    out = regular & missing
    return Block(
        now=np.nan_to_num(cast.now),
        long_run=np.where(cast.here & (cast.long_run >= _REGULAR_MINUTES), cast.long_run, 0.0),
        regular=regular,
        last=last,
        out=out,
        available=np.where(regular, ~out, last & cast.here),
        played=played,
        known=known,
        told=told > 0,
    )


def _context(block: Block, player: Ints, game: Ints) -> Floats:
    """Columns of `CONTEXT` for the player-games of one block; the player himself never counts among the others."""
    rows = np.arange(len(player))
    now = block.now[:, :, game]
    own = block.now[:, player, game]
    other = np.ones(now.shape[1:], dtype=bool)
    other[player, rows] = False
    out, last, there = block.out[:, game] & other, block.last[:, game], block.available[:, game] & other
    sets = (out, out & last, there & block.regular[:, game] & ~last)
    sums = [_down(part * members) for members in sets for part in now]
    minutes = _down(now[0] * there)
    above = there & (now > own[:, None, :] + _TIE)
    fifth = -np.partition(np.where(there, -now[0], 0.0), 4, axis=0)[4] if len(now[0]) > 4 else np.zeros(len(rows))
    role = role_of(now)
    overlap = _down(now[0] * np.where(out, closeness(role, role[player, rows]), 0.0))
    ranks = 1.0 + above.sum(axis=1)
    described = np.stack([
        *sums, minutes, 240.0 * masked_ratio(own[0], own[0] + minutes), _down(now[0] * above[0]), *ranks,
        own[0] - fifth, overlap,
    ])  # fmt: skip
    described[:, ~block.told[game] | (own[0] == 0.0)] = np.nan
    return described


def _share(block: Block, player: Ints, game: Ints) -> Floats:
    """Expected points, rebounds and assists of the others who are there, and the player's shares of them and his."""
    now, own = block.now[1:, :, game], block.now[:, player, game]
    there = block.available[:, game]
    there[player, np.arange(len(player))] = False
    others = np.stack([_down(part * there) for part in now])
    described = np.concatenate([others, masked_ratio(own[1:], own[1:] + others)])
    described[:, ~block.told[game] | (own[0] == 0.0)] = np.nan
    return described


def _scaled(share: Floats, fixtures: Fixtures) -> Floats:
    """Columns of `SHARE`: shares times the team's mean of the season, NaN in its first game."""
    totals = fixtures.log.running(np.column_stack([fixtures.total[part] for part in _PARTS[1:]]))
    mean = masked_ratio(fixtures.own.total(totals), fixtures.own.count[:, None].astype(np.float64))
    others, shares = np.split(share, 2)
    scaled = shares * mean[fixtures.row].T
    return np.concatenate([others, scaled, [scaled[0] + scaled[1] + scaled[2]]])


def _form(block: Block, series: Floats, player: Ints, game: Ints) -> Floats:
    """Mean of each series over the player's earlier games of the team and season, those with a similar line-up most.

    The weight of a game is ``exp(-D / 35) * 0.5 ** (team games ago / 15)``, D the long-run minutes of everybody who is
    in tonight's line-up and was not in that game's, or the other way round.
    """
    size = len(block.known)
    differ = np.zeros((size, size))
    for minutes, there, was_there in zip(block.long_run, block.available, block.played, strict=True):
        differ += np.where(there[:, None] != was_there, minutes[:, None], 0.0)
    ago = np.arange(size)[:, None] - np.arange(size)
    weight = np.exp(-differ / _ALIKE) * 0.5 ** (np.maximum(ago, 0) / _FADE)
    weight[np.arange(size) >= block.known[:, None]] = 0.0
    values = np.zeros((size, len(series) + 1, len(block.played)))
    values[game, :-1, player] = series.T
    values[game, -1, player] = 1.0
    sums = np.zeros((size, len(series) + 1, len(block.played)))
    for earlier in range(size - 1):
        sums[earlier + 1 :] += weight[earlier + 1 :, earlier, None, None] * values[earlier]
    mine = sums[game, :, player].T
    return masked_ratio(mine[:-1], mine[-1])


def _down(values: Floats) -> Floats:
    """Sum over the players, one after the other: absent players add exact zeros whoever they are."""
    total = np.zeros(values.shape[1:])
    for line in values:
        total += line
    return total
