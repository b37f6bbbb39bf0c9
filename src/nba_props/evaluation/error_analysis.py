"""Where the point forecast errs: one tidy table over every split an analyst asks for on Friday."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def error_analysis(predictions: pd.DataFrame, *, min_player_games: int = 20) -> pd.DataFrame:
    """Errors of the forecast by split.

    Args:
        predictions: The predictions table (docs/contract.md), test folds only.
        min_player_games: Players with fewer predicted games are left to the other splits.

    Returns:
        One row per split and value: ``split``, ``value``, ``n``, ``mae``, ``rmse``, ``bias`` (mean of predicted minus
        actual, stat units), ``baseline_mae`` (of `ewma_10`, same rows). Splits in a fixed order, values by falling MAE
        for players and in natural order elsewhere.
    """
    error = predictions["predicted"] - predictions["actual"]
    measured = pd.DataFrame(
        {
            "absolute": error.abs(),
            "square": error**2,
            "error": error,
            "baseline": (predictions["ewma_10"] - predictions["actual"]).abs(),
        }
    )
    parts = [_by(measured, name, values) for name, values in _splits(predictions).items()]
    players = _by(measured, "player", predictions["player_name"])
    players = players[players["n"] >= min_player_games].sort_values("mae", ascending=False, kind="stable")
    return pd.concat([*parts, players], ignore_index=True)


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


def _by(measured: pd.DataFrame, split: str, values: pd.Series) -> pd.DataFrame:
    grouped = measured.groupby(values, observed=True, sort=True)
    means = grouped.mean()
    return pd.DataFrame(
        {
            "split": split,
            "value": [str(value) for value in means.index],
            "n": grouped.size().to_numpy(),
            "mae": means["absolute"].to_numpy(),
            "rmse": np.sqrt(means["square"].to_numpy()),
            "bias": means["error"].to_numpy(),
            "baseline_mae": means["baseline"].to_numpy(),
        }
    )
