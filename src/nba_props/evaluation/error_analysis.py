"""Where the point forecast errs: one tidy table over every split an analyst looks at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nba_props.metrics.tables import error_table


def error_analysis(predictions: pd.DataFrame, *, min_player_games: int = 20) -> pd.DataFrame:
    """Errors of the forecast by split.

    >>> who = {"player_name": "A", "season": "2023-24", "opponent": "NYK", "team": "BOS", "home": True, "is_b2b": False}
    >>> told = {"predicted": [11.0, 19.0], "actual": [10.0, 20.0], "ewma_10": 15.0, "mean_minutes": 34.0}
    >>> table = error_analysis(pd.DataFrame({**who, **told, "game_date": pd.Timestamp("2024-01-05")}))
    >>> table.loc[table["split"] == "venue", ["value", "n", "mae", "baseline_mae"]].to_numpy().tolist()
    [['home', 2, 1.0, 5.0]]

    Args:
        predictions: The predictions table (docs/contract.md), test folds only.
        min_player_games: Players with fewer predicted games are left to the other splits.

    Returns:
        The columns of `error_table`, ``baseline_mae`` being that of `ewma_10`. Splits in a fixed order, values by
        falling MAE for players and in natural order elsewhere.
    """
    actual, predicted, baseline = (predictions[name] for name in ("actual", "predicted", "ewma_10"))
    table = error_table(actual, predicted, _splits(predictions), baseline)
    players = error_table(actual, predicted, {"player": predictions["player_name"]}, baseline)
    players = players[players["n"] >= min_player_games].sort_values("mae", ascending=False, kind="stable")
    return pd.concat([table, players], ignore_index=True)


def _splits(predictions: pd.DataFrame) -> Mapping[str, pd.Series]:
    minutes = pd.cut(
        predictions["mean_minutes"], [-np.inf, 18, 30, np.inf], right=False, labels=["<18", "18-30", ">=30"]
    )
    size = pd.cut(predictions["predicted"], [-np.inf, 2, 5, 10, 15, 20, 30, np.inf], right=False)
    return {
        "season": predictions["season"],
        "month": predictions["game_date"].dt.strftime("%Y-%m"),
        "minutes": minutes,
        "forecast": size,
        "venue": predictions["home"].map({True: "home", False: "away"}),
        "back_to_back": predictions["is_b2b"].map({True: "second night", False: "rested"}),
        "opponent": predictions["opponent"],
        "team": predictions["team"],
    }
