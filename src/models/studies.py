"""What a recipe asks besides how good a model is: whether a change helps, and which betting rule to use."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from nba_props.config import Settings, make_config
from nba_props.errors import did_you_mean
from nba_props.evaluation.market import evaluate_market
from nba_props.evaluation.paired import paired_comparison
from nba_props.features import GROUPS
from nba_props.metrics.definitions import mae

if TYPE_CHECKING:
    import pandas as pd

    from models.data import TrainingData
    from models.forecasting import Forecast, Forecasts
    from nba_props.betting.evidence.optimise import StrategySearch
    from nba_props.betting.strategy import BettingConfig
    from nba_props.config import TrainerConfig
    from nba_props.evaluation.market import MarketEvaluation

RULE_TAG: Final = "betting_rule"
"""Tag of a run with the rule that its study of betting rules found, as JSON."""
RULE_FILE: Final = "betting_rule.json"


def _known_group(name: str) -> str:
    if name not in GROUPS:
        message = f"unknown feature group {name!r}{did_you_mean(name, GROUPS)}; known groups: {', '.join(GROUPS)}"
        raise ValueError(message)
    return name


class AblationStudy(Settings):
    """The run against the same run without something, on identical rows.

    Attributes:
        kind: "ablation".
        without: Feature groups the baseline lacks.
        against: Settings the baseline has instead of the run's, for a change that is not a feature group:
            ``model = "lightgbm"``, ``calibrator = "none"``, ``noise_features = 0``.
        seeds: Fits of both arms, with the run's seed and those after it. A fit differs from the next by chance.
    """

    kind: Literal["ablation"] = "ablation"
    without: tuple[Annotated[str, AfterValidator(_known_group)], ...] = ()
    against: dict[str, Any] = Field(default_factory=dict)
    seeds: int = Field(default=1, ge=1)

    def pairs(self, config: TrainerConfig) -> list[tuple[TrainerConfig, TrainerConfig]]:
        """The run's configuration and its baseline, with each seed."""
        seeded = [config.model_copy(update={"seed": config.seed + number}) for number in range(self.seeds)]
        return [(each, self.baseline(each)) for each in seeded]

    def baseline(self, config: TrainerConfig) -> TrainerConfig:
        """The run's configuration without what is studied."""
        groups = [name for name in config.feature_groups or GROUPS if name not in self.without]
        changes: dict[str, Any] = {"feature_groups": tuple(groups)} if self.without else {}
        settings = config.model_dump(exclude_unset=True) | changes | self.against
        return make_config(**settings)


class BettingStudy(Settings):
    """Betting rules: chosen on the folds before, reported on the fold after.

    Attributes:
        kind: "betting".
        min_edges: Edges tried.
        kelly_fractions: Shares of full Kelly tried; 0 is flat stakes.
        sides: Sides tried: "over", "under" or "both".
        max_odds: Longest decimal odds tried.
        objective: What the choice maximises on the folds before.
        min_bets: Fewest bets a rule must have had there.
    """

    kind: Literal["betting"] = "betting"
    min_edges: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=(0.0, 0.02, 0.04, 0.06, 0.08), min_length=1
    )
    kelly_fractions: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(default=(0.0, 0.25), min_length=1)
    sides: tuple[Literal["both", "over", "under"], ...] = Field(default=("both", "over", "under"), min_length=1)
    max_odds: tuple[Annotated[float, Field(gt=1)], ...] = Field(default=(2.2, 4.0), min_length=1)
    objective: Literal["roi_ci_low", "roi", "profit"] = "roi_ci_low"
    min_bets: int = Field(default=200, ge=1)


Study = Annotated[AblationStudy | BettingStudy, Field(discriminator="kind")]


def arms(config: TrainerConfig, study: Study | None) -> list[TrainerConfig]:
    """Every configuration whose forecasts a run needs: its own first, and those that an ablation compares."""
    return [arm for pair in study.pairs(config) for arm in pair] if isinstance(study, AblationStudy) else [config]


@dataclass(frozen=True)
class Findings:
    """What a study adds to its run: metrics by key, tables and documents by file name, tags."""

    metrics: dict[str, float] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __or__(self, other: Findings) -> Findings:
        """Both together."""
        return Findings(
            self.metrics | other.metrics,
            self.tables | other.tables,
            self.documents | other.documents,
            self.tags | other.tags,
        )


def forecast_findings(forecast: Forecast, n_features: int) -> Findings:
    """What making a forecast reveals besides it: chosen features (of `n_features`), members and weights."""
    findings = Findings()
    selected = forecast.result.selected
    if selected:
        from nba_props.forecast import selection_stability

        counts = Counter(name for names in selected for name in names)
        stability = selection_stability(selected, n_features=n_features)
        shares = {name: count / len(selected) for name, count in counts.most_common()}
        findings |= Findings(
            metrics={
                **{f"selection_{name}": float(value) for name, value in stability.items()},
                "n_selected_mean": sum(map(len, selected)) / len(selected),
            },
            documents={
                "selected_features.json": {
                    "final": list(getattr(forecast.estimator, "selected", ())),
                    "share_of_folds": shares,
                    "by_fold": [list(names) for names in selected],
                }
            },
        )
    if forecast.weights is not None:
        metrics = {}
        for name, member in forecast.members.items():
            test = member.predictions[member.predictions["role"] == "test"]
            metrics[f"val_mae_{name.replace(':', '_')}"] = mae(test["actual"], test["predicted"])
        findings |= Findings(metrics=metrics, tables={"ensemble_weights.csv": forecast.weights})
    return findings


def study_findings(
    study: Study,
    evaluation: MarketEvaluation,
    config: TrainerConfig,
    data: TrainingData,
    forecasts: Forecasts,
) -> Findings:
    """Carry out a study on an evaluated run.

    Raises:
        DataError: The two arms of an ablation were not evaluated on the same rows.
    """
    if isinstance(study, AblationStudy):
        quotes = data.quotes_of(config.market)
        first, *others = study.pairs(config)
        evaluated = [(evaluation, evaluate_market(forecasts.of(first[1]).result, quotes, first[1]))]
        for pair in others:
            variant, baseline = (evaluate_market(forecasts.of(arm).result, quotes, arm) for arm in pair)
            evaluated.append((variant, baseline))
        pairs = [(variant.predictions, baseline.predictions) for variant, baseline in evaluated]
        metrics = paired_comparison(pairs, seed=config.seed)
        own = {"baseline_arm_val_mae": evaluated[0][1].metrics["val_mae"]}
        return Findings(metrics=metrics | own, documents={"ablation.json": {**study.model_dump(), **metrics, **own}})
    from nba_props.betting.evidence.optimise import optimise_strategy, strategy_grid

    grid = strategy_grid(
        min_edges=study.min_edges,
        kelly_fractions=study.kelly_fractions,
        sides=study.sides,
        odds_ranges=tuple((1.0, limit) for limit in study.max_odds),
    )
    search = optimise_strategy(
        evaluation.priced,
        evaluation.results,
        grid,
        closing=evaluation.closing,
        fold=evaluation.priced["fold"],
        objective=study.objective,
        min_bets=study.min_bets,
        seed=config.seed,
        close_window_minutes=config.close_window_minutes,
        game_nights=evaluation.predictions["game_date"],
    )
    chosen = {f"chosen_{name}": value for name, value in search.metrics.items()}
    rule = {} if search.in_sample_best is None else betting_rule(search, grid[search.in_sample_best])
    return Findings(
        metrics=chosen,
        tables={"strategy_choices.csv": search.choices, "chosen_bets.csv": search.ledger},
        documents={
            "betting_optimization.json": {**study.model_dump(), "tried": search.tried, **search.metrics},
            **({RULE_FILE: rule} if rule else {}),
        },
        tags={RULE_TAG: json.dumps(rule)} if rule else {},
    )


def betting_rule(search: StrategySearch, strategy: BettingConfig) -> dict[str, Any]:
    """The rule for the nights to come: the best over all folds, with what such a choice returned on later folds.

    Its own return over those folds is left out: the choice was made by it.
    """
    name = str(search.in_sample_best)
    told = ("roi", "roi_ci_low", "roi_ci_high", "n_bets")
    honest = {key: search.metrics[key] for key in told if key in search.metrics}
    return {
        "rule": name,
        "min_edge": strategy.min_edge,
        "min_odds": strategy.odds_range[0],
        "max_odds": strategy.odds_range[1],
        "side": name.split(", ")[1],
        "kelly_fraction": strategy.stakes.kelly or 0.0,
        "rules_tried": search.tried,
        "chosen_on_earlier_folds": honest,
    }
