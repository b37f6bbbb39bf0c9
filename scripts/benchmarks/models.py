"""Markets x models on given data, beside forecasts that cost nothing, the market and, where it is simulated, the truth.

    uv run scripts/benchmarks/models.py                                    the simulated league
    uv run scripts/benchmarks/models.py --data LOGS --odds LINES --season 2023-24 --stand-in
    uv run scripts/benchmarks/models.py ... --models lightgbm ensemble market_blend --markets pra reb --seeds 0 1

Every number is the package's own (docs/metrics.md): `evaluate_market` of the out-of-sample forecasts, the mean over the
seeds. What a model gains is paired with the first one by night, with its 95 % interval. The table is Markdown.
"""

from __future__ import annotations

import sys
from pathlib import Path

if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    sys.path.pop(0)  # this file is called like the package it needs, and a script's own folder is searched first

import argparse
import time
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

import pandas as pd

from models.data import TrainingData, availability_of, load_training_data, simulated_training_data
from models.forecasting import Forecasts
from nba_props.config import MARKET_BLEND, TrainerConfig, make_config
from nba_props.errors import NBAPropsError
from nba_props.evaluation.market import MarketEvaluation, evaluate_market, implied_or_line
from nba_props.evaluation.paired import paired_comparison
from nba_props.evaluation.regression import NAIVE_FORECASTS
from nba_props.features import GROUPS
from nba_props.forecast import model_names
from nba_props.markets import DEFAULT_MARKETS
from nba_props.metrics.definitions import mae, rmse

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS: Final = (
    "market", "forecast", "rows", "mae", "rmse", "lined_rows", "mae_on_lines", "log_loss", "brier", "gain", "seconds",
)  # fmt: skip
"""``mae`` and ``rmse`` of all predicted rows, ``mae_on_lines`` of those with a closing line, ``log_loss`` and ``brier``
of their P(over); ``gain`` is the MAE of the first model less that of this one; ``seconds`` of a seed, from the fits to
the metrics."""

_MARKET_SCORES: Final = {"log_loss": "market_log_loss", "brier": "market_brier_score"}


@dataclass(frozen=True)
class Scored:
    """One model on one market: an evaluation per seed, and the seconds a seed takes."""

    evaluations: list[MarketEvaluation]
    seconds: float

    def mean(self, key: str) -> float | None:
        """A metric's mean over the seeds; None where it could not be computed."""
        values = [each.metrics[key] for each in self.evaluations if key in each.metrics]
        return sum(values) / len(values) if values else None


def up_to(data: TrainingData, season: str) -> TrainingData:
    """The data as they were when a season ended: later ones cost no fit, and nobody reads them."""
    kept = data.games["season"] <= season
    games = data.games[kept]
    quotes = data.quotes[data.quotes["game_id"].isin(games["game_id"])].reset_index(drop=True)
    return replace(data, games=games, features=data.features[kept], is_b2b=data.is_b2b[kept], quotes=quotes)


def scored(data: TrainingData, config: TrainerConfig, seeds: Sequence[int]) -> Scored:
    """Forecast and evaluate one configuration with every seed."""
    started, evaluations = time.perf_counter(), []
    for seed in seeds:
        seeded = config.model_copy(update={"seed": seed})
        result = Forecasts(data, [seeded]).of(seeded).result
        evaluations.append(evaluate_market(result, data.quotes_of(config.market), seeded))
    return Scored(evaluations, (time.perf_counter() - started) / len(seeds))


def market_rows(market: str, models: dict[str, Scored]) -> list[dict[str, object]]:
    """The rows of one market: what costs nothing, the market itself, the truth where there is one, the models."""
    first = next(iter(models.values())).evaluations[0]
    predictions = first.predictions
    lined = predictions[predictions["closing_line"].notna()]
    columns = {name: predictions[name] for name in (*NAIVE_FORECASTS, "oracle") if name in predictions}
    on_lines = {"line": lined["closing_line"], "implied line": implied_or_line(lined)} if len(lined) else {}
    rows: list[dict[str, object]] = []
    for name, forecast in columns.items():
        errors = {"mae": mae(predictions["actual"], forecast), "rmse": rmse(predictions["actual"], forecast)}
        rows.append({"forecast": name, "rows": len(predictions), **errors, **_on_lines(lined, forecast)})
    rows += [{"forecast": name, **_on_lines(lined, forecast)} for name, forecast in on_lines.items()]
    prices = {name: first.metrics.get(key) for name, key in _MARKET_SCORES.items()}
    if on_lines:  # the prices say P(over), the line alone does not
        rows[-1] |= prices
    elif prices["brier"] is not None:  # early prices alone: there is a forecast of the result, and no close to judge by
        rows.append({"forecast": "implied line", **prices})
    rows += [_model_row(name, model, models) for name, model in models.items()]
    return [{"market": market, **row} for row in rows]


def _on_lines(lined: pd.DataFrame, forecast: pd.Series) -> dict[str, object]:
    if lined.empty:
        return {}
    return {"lined_rows": len(lined), "mae_on_lines": mae(lined["actual"], forecast.loc[lined.index])}


def _model_row(name: str, model: Scored, models: dict[str, Scored]) -> dict[str, object]:
    counts = {key: model.mean(of) for key, of in (("rows", "n_predictions"), ("lined_rows", "n_lines"))}
    row: dict[str, object] = {"forecast": name, **counts, "seconds": model.seconds}
    row |= {
        "mae": model.mean("val_mae"),
        "rmse": model.mean("val_rmse"),
        "mae_on_lines": model.mean("model_mae_on_lines"),
    }
    row |= {"log_loss": model.mean("log_loss"), "brier": model.mean("brier_score"), "gain": ""}
    first = next(iter(models))
    if name != first:
        pairs = [
            (own.predictions, other.predictions)
            for own, other in zip(model.evaluations, models[first].evaluations, strict=True)
        ]
        found = paired_comparison(pairs)
        low, high = (found.get(f"mae_difference_ci_{end}") for end in ("low", "high"))
        interval = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
        row["gain"] = f"{found['mae_difference']:+.3f}{interval}"
    return row


def bench(data: TrainingData, configs: Sequence[TrainerConfig], seeds: Sequence[int]) -> pd.DataFrame:
    """Every configuration, evaluated with every seed: one row per forecast and market, in `COLUMNS`.

    Args:
        data: What is trained on and tested.
        configs: One per market and model; of a market, the first is what the others are compared with.
        seeds: Of the fits.
    """
    rows: list[dict[str, object]] = []
    for market in dict.fromkeys(config.market for config in configs):
        own = [config for config in configs if config.market == market]
        rows += market_rows(market, {config.model: scored(data, config, seeds) for config in own})
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def as_markdown(table: pd.DataFrame) -> str:
    """The table as Markdown; what there is not is left empty."""
    form = {"rows": "{:,.0f}", "lined_rows": "{:,.0f}", "seconds": "{:.1f}", "log_loss": "{:.4f}", "brier": "{:.4f}"}
    head = "| " + " | ".join(column.replace("_", " ") for column in table) + " |"
    lines = [head, "|" + "---|" * table.shape[1]]
    for row in table.to_dict("records"):
        cells = [
            value if isinstance(value, str) else "" if pd.isna(value) else form.get(str(name), "{:.3f}").format(value)
            for name, value in row.items()
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", metavar="PATH", help="player game logs; without, the simulated league")
    parser.add_argument("--odds", nargs="+", default=[], metavar="PATH", help="lines")
    parser.add_argument("--availability", nargs="+", default=[], metavar="PATH", help="who was reported out, and when")
    parser.add_argument("--stand-in", action="store_true", help="the box scores themselves tell who is out")
    parser.add_argument(
        "--without", nargs="+", default=[], choices=list(GROUPS), metavar="GROUP", help="feature groups"
    )
    parser.add_argument(
        "--season", nargs="+", metavar="SEASON", help="seasons tested, one after the other; default: the last"
    )
    parser.add_argument("--step", default="monthly", help="how often the models are fitted again (default monthly)")
    parser.add_argument("--inefficiency", type=float, help="of the prices of the simulated league")
    known = [*model_names(), MARKET_BLEND]
    parser.add_argument("--models", nargs="+", default=["lightgbm", "ensemble"], choices=known, metavar="MODEL")
    parser.add_argument("--markets", nargs="+", default=list(DEFAULT_MARKETS), metavar="MARKET")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    options = parser.parse_args(arguments)
    if options.data is None and (options.odds or options.availability):
        parser.error("--odds and --availability need --data: without it the simulated league is used")
    if options.data is not None and options.inefficiency is not None:
        parser.error("--inefficiency is of the simulated league: leave --data out")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Load, evaluate everything, print one table; 2 with a message where the input cannot be used."""
    options = parsed(arguments)
    try:
        print_bench(options)
    except NBAPropsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def print_bench(options: argparse.Namespace) -> None:
    """Load, evaluate everything, print one table."""
    if options.data is None:
        league = {} if options.inefficiency is None else {"inefficiency": options.inefficiency}
        data = simulated_training_data(**league)
    else:
        data = load_training_data(options.data, options.odds, availability=options.availability)
    seasons = options.season or [str(data.games["season"].max())]
    data = up_to(data, max(seasons))
    groups = [name for name in GROUPS if name not in options.without] if options.without else None
    configs = [
        make_config(
            market=market,
            model=model,
            feature_groups=groups,
            availability="stand_in" if options.stand_in else "reported",
            walk_forward={"first_test_season": min(seasons), "step": options.step},
        )
        for market, model in product(options.markets, options.models)
    ]
    table = bench(data, configs, options.seeds)
    known = "without " + ", ".join(options.without) if options.without else availability_of(data, configs[0])
    print(f"{time.strftime('%Y-%m-%d')}, {data.title}.")
    print(f"Tested: {', '.join(seasons)}. Line-ups: {known}. Seeds: {', '.join(map(str, options.seeds))}.\n")
    print(as_markdown(table))


if __name__ == "__main__":
    sys.exit(main())
