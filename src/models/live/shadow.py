"""Settled shadow cards are the test in Staging: they are handed to the registry, version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_integration.stages.rules import Stage
from models.live.record import SETTLED_BETS_FILE

if TYPE_CHECKING:
    from mlflow_integration import ModelRegistry
    from mlflow_integration.promotion.staging import StagingReport
    from models.live.record import CardStore

_COLUMNS = ["game_date", "actual", "predicted", "probability", "outcome", "profit", "stake", "clv"]


def staging_rows(props: pd.DataFrame, bets: pd.DataFrame) -> pd.DataFrame:
    """Settled cards of one version in the rows that `ModelRegistry.record_staging_nights` takes.

    >>> props = pd.DataFrame({"game_date": ["2025-01-14"], "actual": [25.0], "projection": [23.0], "line": [24.5]})
    >>> props = props.assign(p_over=0.4, p_push=0.0, market_p_over=0.5)
    >>> bets = pd.DataFrame({"game_date": ["2025-01-14"], "result": ["won"], "profit": 0.9, "stake": 1.0, "clv": 0.02})
    >>> staging_rows(props, bets)[["actual", "probability", "outcome", "profit"]].round(1).to_numpy().tolist()
    [[25.0, nan, nan, nan], [nan, 0.4, 1.0, nan], [nan, nan, nan, 0.9]]

    Returns:
        One row per projection, then one per decided prop with a market price, then one per bet that stood.
    """
    known = props[props["actual"].notna() & props["projection"].notna()]
    forecasts = known.rename(columns={"projection": "predicted"})[["game_date", "actual", "predicted"]]
    decided = known[known["p_over"].notna() & known["market_p_over"].notna() & (known["actual"] != known["line"])]
    scored = pd.DataFrame(
        {
            "game_date": decided["game_date"],
            "probability": decided["p_over"] / (1.0 - decided["p_push"]),
            "outcome": np.where(decided["actual"] > decided["line"], 1.0, 0.0),
        }
    )
    stood = bets[bets["result"] != "void"][["game_date", "profit", "stake", "clv"]]
    parts = [part for part in (forecasts, scored, stood) if len(part)]
    return pd.concat(parts, ignore_index=True).reindex(columns=_COLUMNS) if parts else pd.DataFrame(columns=_COLUMNS)


def record_shadows(
    store: CardStore, registry: ModelRegistry, kind: str, *, only: str | None = None
) -> list[StagingReport]:
    """Hand the settled shadow cards of every version that is in Staging, or of one model, to its test there.

    Returns:
        What the test says of each version.
    """
    cards = store.cards(stage=Stage.STAGING.value, kind=kind)
    props, bets = store.settled(cards), store.settled(cards, SETTLED_BETS_FILE)
    if props.empty:
        return []
    table = registry.list_models()
    table = table[table["stage"] == Stage.STAGING.value]
    if only is not None:
        table = table[table["model"] == only]
    standing = set(zip(table["model"], table["version"].astype("int64"), strict=True))
    reports = []
    for name, version in sorted(set(zip(props["model"], props["version"], strict=True)) & standing):
        mine = [part[(part["model"] == name) & (part["version"] == version)] for part in (props, bets)]
        rows = staging_rows(*mine)
        if len(rows):
            reports.append(registry.record_staging_nights(name, version, rows, source="shadow cards"))
    return reports
