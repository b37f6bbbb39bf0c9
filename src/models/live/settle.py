"""Cards meet their results: won, lost, push or void, the close, the live metrics, and what a correction changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mlflow_integration.stages.rules import Stage
from models.live.card import close_of
from models.live.record import (
    BETS_FILE,
    OPEN,
    PROPS_FILE,
    SETTLED,
    SETTLED_BETS_FILE,
    SETTLED_PROPS_FILE,
    CardStore,
    StoredCard,
)
from nba_props.betting import LEDGER_COLUMNS, split_results
from nba_props.betting.frames import PROP_GROUP
from nba_props.betting.ledger import profit_cents, settle, with_closes
from nba_props.betting.market.closing import CLOSE_COLUMNS
from nba_props.evaluation.live import live_metrics
from nba_props.markets import actual

if TYPE_CHECKING:
    from collections.abc import Sequence

UNIT_CENTS: Final = 10_000
OPENING_UNITS: Final = 1000.0
SHAPE: Final = pd.Timedelta(days=28)
_NAMES: Final = np.array(["lost", "push", "won", "void"])


@dataclass(frozen=True)
class Settlement:
    """The result of settling.

    Attributes:
        settled: Cards settled now, for the first time or again.
        open: Cards whose night the box scores do not hold, or not whole, yet.
        unchanged: Cards settled before whose results are the same.
        changes: One row per result that a correction changed: ``game_date``, ``player_name``, ``market``, ``was``,
            ``is``.
        ledger: Every settled bet in time order, columns `LEDGER_COLUMNS` and ``model``, ``version``, ``run_id``.
        metrics: Live metrics of the whole ledger.
    """

    settled: tuple[StoredCard, ...]
    open: tuple[StoredCard, ...]
    unchanged: tuple[StoredCard, ...]
    changes: pd.DataFrame
    ledger: pd.DataFrame
    metrics: dict[str, float]


def settle_cards(
    store: CardStore,
    games: pd.DataFrame,
    quotes: pd.DataFrame | None = None,
    *,
    kind: str,
    stage: str = Stage.PRODUCTION.value,
    only: Sequence[StoredCard] | None = None,
    ledger: bool = True,
) -> Settlement:
    """Settle every card whose night is in the box scores, and write ledger and metrics; a second time changes nothing.

    A prop of a player without a row in the box scores of the night is void: he did not play, or the game was postponed.
    While the night is the last one of the box scores and a game of the card is missing, it may still be played: the
    card stays open.
    Where the box scores have changed since, the card is settled again and the changes are reported.

    Args:
        store: Where the cards are.
        games: The games table.
        quotes: Good quotes of all moments, joined to the games, for closing lines; None leaves them out.
        kind: "SIMULATED" or "real": cards of the other kind are left alone.
        stage: Cards of this stage: Production, or Staging for shadow cards.
        only: These cards and no others.
        ledger: Whether the ledger and its metrics are written; without, they are empty in what is returned.
    """
    cards = [each for each in store.cards(stage=stage, kind=kind) if each.status in {OPEN, SETTLED}]
    asked = None if only is None else {each.run_id for each in only}
    played, last = set(games["game_date"]), games["game_date"].max()
    done, waiting, same, changes = [], [], [], []
    for card in cards:
        if asked is not None and card.run_id not in asked:
            continue
        if card.date not in played:
            waiting.append(card)
            continue
        tables = store.table(card.run_id, PROPS_FILE), store.table(card.run_id, BETS_FILE)
        if card.status == OPEN and card.date == last and _unfinished(tables[0], games[games["game_date"] == last]):
            waiting.append(card)
            continue
        before = store.table(card.run_id, SETTLED_PROPS_FILE) if card.status == SETTLED else None
        props, bets = settled_tables(*tables, games, card.date, quotes)
        if before is not None:
            earlier = store.table(card.run_id, SETTLED_BETS_FILE)
            if _of_night(quotes, card.date) is None:  # closes that were seen stay known
                props = props.assign(closing_line=before["closing_line"].to_numpy())
                bets = bets.assign(**{name: earlier[name].to_numpy() for name in CLOSE_COLUMNS})
            if _same_tables(before, props) and _same_tables(earlier, bets):
                same.append(card)
                continue
        changed = _changes(before, props)
        changes.append(changed)
        tags = {"corrections": str(len(changed))} if before is not None else {}
        store.settle(card, props, bets, live_metrics(props, bets), tags)
        done.append(card)
    whole, metrics = _ledger(store, kind, stage) if ledger else (pd.DataFrame(), {})
    columns = ["game_date", "player_name", "market", "was", "is"]
    told = pd.concat(changes, ignore_index=True) if changes else pd.DataFrame(columns=columns)
    return Settlement(tuple(done), tuple(waiting), tuple(same), told, whole, metrics)


def settled_tables(
    props: pd.DataFrame, bets: pd.DataFrame, games: pd.DataFrame, date: pd.Timestamp, quotes: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Props and bets of a card with what became of them; `quotes` as for `settle_cards`.

    Returns:
        The props with ``actual`` and ``closing_line``; the bets in the columns of a ledger but for the bankroll.
    """
    settled = _settled_props(props, games, date, quotes)
    return settled, _settled_bets(bets, settled, quotes)


def ledger_of(bets: pd.DataFrame) -> pd.DataFrame:
    """Settled bets of all nights as one ledger: bankroll after each night in units and cents."""
    bets = bets.sort_values("game_date", kind="stable", ignore_index=True)
    night, code = np.unique(bets["game_date"].to_numpy(), return_inverse=True)
    daily = np.bincount(code, weights=bets["profit_cents"], minlength=len(night)).astype("int64")
    bankroll = round(OPENING_UNITS * UNIT_CENTS) + np.cumsum(daily)
    table = bets.assign(bankroll_cents=bankroll[code], bankroll=bankroll[code] / UNIT_CENTS)
    return table[[*LEDGER_COLUMNS, *(name for name in table if name not in LEDGER_COLUMNS)]]


def _ledger(store: CardStore, kind: str, stage: str) -> tuple[pd.DataFrame, dict[str, float]]:
    cards = store.cards(stage=stage, kind=kind)
    bets, props = store.settled(cards, SETTLED_BETS_FILE), store.settled(cards)
    if props.empty:
        return pd.DataFrame(columns=[*LEDGER_COLUMNS, "model", "version", "run_id"]), {}
    ledger, metrics = ledger_of(bets), live_metrics(props, bets)
    run_id = store.ledger_run(kind, stage)
    if run_id is None or not _same_tables(store.table(run_id, "ledger.parquet"), ledger):
        store.keep_ledger(kind, stage, ledger, metrics)
    return ledger, metrics


def _settled_props(
    props: pd.DataFrame, games: pd.DataFrame, date: pd.Timestamp, quotes: pd.DataFrame | None
) -> pd.DataFrame:
    """The props of a card with ``actual``, and ``closing_line`` where there are quotes."""
    night = games[games["game_date"] == date].drop_duplicates("player_id")
    found = np.full(len(props), np.nan)
    for market in props["market"].unique():
        rows = (props["market"] == market).to_numpy()
        values = pd.Series(actual(night, market).to_numpy(), index=night["player_id"])
        # Nobody has a row for a game that was put off; for one that was moved, he has a row on the new day.
        same = pd.Series(_pairs(night), index=night["player_id"]).reindex(props.loc[rows, "player_id"]).to_numpy()
        wanted = _pairs(props[rows])
        values = values.reindex(props.loc[rows, "player_id"]).to_numpy("float64")
        found[rows] = np.where(same == wanted, values, np.nan)
    settled = props.assign(actual=found)
    tonight = _of_night(quotes, date)
    if tonight is None:
        return settled.assign(closing_line=np.nan)
    keyed = settled[PROP_GROUP].assign(game_id=_log_ids(settled, tonight))
    known = keyed.merge(close_of(tonight), how="left", on=PROP_GROUP, validate="1:1")
    return settled.assign(closing_line=known["closing_line"].to_numpy("float64"))


def _pairs(rows: pd.DataFrame) -> np.ndarray:
    """The two teams of each row, in alphabetical order: a game moved to another opponent's night is another game."""
    one, two = rows["team"].to_numpy(dtype=object), rows["opponent"].to_numpy(dtype=object)
    return np.array([f"{min(a, b)}-{max(a, b)}" for a, b in zip(one, two, strict=True)], dtype=object)


def _of_night(quotes: pd.DataFrame | None, date: pd.Timestamp) -> pd.DataFrame | None:
    """The quotes of a night; None where there are none."""
    found = None if quotes is None else quotes[quotes["game_date"] == date]
    return None if found is None or found.empty else found


def _unfinished(props: pd.DataFrame, night: pd.DataFrame) -> bool:
    """Whether the box scores of a night lack a game of its card."""
    return not {*_pairs(props)} <= {*_pairs(night)}


def _log_ids(rows: pd.DataFrame, quotes: pd.DataFrame) -> np.ndarray:
    """Game ids of the log for rows of a card, which may have been made before the log knew them."""
    ids = quotes.drop_duplicates("player_id").set_index("player_id")["game_id"]
    found = ids.reindex(rows["player_id"]).to_numpy(dtype=object)
    return np.asarray(np.where(pd.isna(found), rows["game_id"].to_numpy(dtype=object), found))


def _settled_bets(bets: pd.DataFrame, props: pd.DataFrame, quotes: pd.DataFrame | None) -> pd.DataFrame:
    """The bets of a card settled, in the columns of a ledger but for the bankroll."""
    results = props[[*PROP_GROUP, "actual"]]
    known = bets[PROP_GROUP].merge(results, how="left", on=PROP_GROUP, validate="m:1")["actual"].to_numpy("float64")
    closed = bets.assign(**_closes(bets, quotes))
    outcome = settle(known, closed["line"].to_numpy("float64"), closed["side"].to_numpy())
    stake = np.rint(closed["stake"].to_numpy("float64") * UNIT_CENTS).astype("int64")
    profit = profit_cents(stake, closed["decimal_odds"].to_numpy("float64") - 1.0, outcome)
    return closed.assign(
        actual=known,
        result=_NAMES[outcome + 1],
        stake=stake / UNIT_CENTS,
        stake_cents=stake,
        profit=profit / UNIT_CENTS,
        profit_cents=profit,
    )


def _closes(bets: pd.DataFrame, quotes: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """The closing columns of bets; the shape that moves a close to another line is that of the four weeks before."""
    if quotes is None or bets.empty:
        closed = with_closes(bets, None, bets)
    else:
        night = bets["game_date"].max()
        recent = quotes["game_date"].between(night - SHAPE, night) & quotes["market"].isin(bets["market"].unique())
        closing, results = split_results(quotes[recent])
        keyed = bets.assign(game_id=_log_ids(bets, closing[closing["game_date"] == night]))
        closed = with_closes(keyed, closing, results)
    return {name: closed[name].to_numpy() for name in CLOSE_COLUMNS}


def _same_tables(one: pd.DataFrame, two: pd.DataFrame) -> bool:
    """Whether two tables hold the same, whatever column types a file has given them."""
    if list(one.columns) != list(two.columns) or len(one) != len(two):
        return False
    numbers = ("actual", "closing_line", "profit_cents", "bankroll_cents", "clv", "close_line")
    names = [name for name in numbers if name in one]
    return all(
        np.array_equal(one[name].to_numpy("float64"), two[name].to_numpy("float64"), equal_nan=True) for name in names
    )


def _changes(before: pd.DataFrame | None, props: pd.DataFrame) -> pd.DataFrame:
    """Results that differ from those a card was settled with."""
    columns = ["game_date", "player_name", "market", "was", "is"]
    if before is None:
        return pd.DataFrame(columns=columns)
    was, now = before["actual"].to_numpy("float64"), props["actual"].to_numpy("float64")
    differs = ~((was == now) | (np.isnan(was) & np.isnan(now)))
    table = props[differs][["game_date", "player_name", "market"]]
    return table.assign(was=was[differs], **{"is": now[differs]}).reset_index(drop=True)
