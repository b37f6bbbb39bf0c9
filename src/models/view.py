"""An evaluated market as the tracker wants it: numbers, tags, tables, documents, and plots drawn on demand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from models.data import availability_of
from models.figures import market_figures
from models.identity import PROPS_TAG, code, props_key
from models.notes import answers, differences, headline, why_no_bet
from models.studies import Findings
from nba_props.config import MARKET_BLEND
from nba_props.evaluation.error_analysis import error_analysis
from nba_props.evaluation.pricing import final_blend
from nba_props.features import catalogue, feature_names
from nba_props.forecast import ENSEMBLE
from nba_props.plots import CAPTIONS, About

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from matplotlib.figure import Figure

    from models.data import TrainingData
    from nba_props.config import TrainerConfig
    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast import Estimator

NOTE_TAG: Final = "mlflow.note.content"


def logged_params(config: TrainerConfig, estimator: Estimator) -> dict[str, Any]:
    """The settings that matter to a model, and the parameters it was really fitted with.

    The ensemble's settings belong to an ensemble, those of the selection to a selection; the number of fits side by
    side changes no number.
    """
    idle = {"model_params", "workers"}
    optional = ("selection", "line_feature", "noise_features", "feature_groups")
    idle |= {name for name in optional if not getattr(config, name)}
    idle |= {kind for kind, model in (("ensemble", ENSEMBLE), ("blend", MARKET_BLEND)) if config.model != model}
    return {**config.model_dump(exclude=idle), "model_params": dict(estimator.params)}


@dataclass(frozen=True)
class EvaluationView:
    """What one run logs (`mlflow_integration.logging.items.SupportsEvaluation`).

    Attributes:
        estimator: The final model, fitted on all rows.
        n_features: Columns it was offered.
        findings: What the study of the run adds.
        study: The study itself, as plain values; None where there is none.
        extra_tags: Tags besides those of the data and the model.
        place: Route of the run's page in the UI, for the links of its note; without one there is no note.
    """

    evaluation: MarketEvaluation
    config: TrainerConfig
    data: TrainingData
    estimator: Estimator
    n_features: int
    findings: Findings = field(default_factory=Findings)
    study: dict[str, Any] | None = None
    extra_tags: dict[str, str] = field(default_factory=dict)
    place: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """Settings that play a part in the model, nested as in the configuration, and the parameters of the fit."""
        return logged_params(self.config, self.estimator)

    @property
    def tags(self) -> dict[str, str]:
        """What the run is about, and the note at the top of its page."""
        props = props_key(self.evaluation)
        return {
            "market": self.config.market,
            "model": self.config.model,
            "data_kind": self.data.kind,
            "data_fingerprint": self.data.fingerprint,
            "data_source": self.data.source,
            "availability": availability_of(self.data, self.config),
            "distribution": self.evaluation.distribution,
            **({} if props is None else {PROPS_TAG: props}),
            **({"answer": "; ".join(told)} if (told := answers(self.metrics)) else {}),
            **({NOTE_TAG: run_note(self, self.place)} if self.place else {}),
            **self.findings.tags,
            **self.extra_tags,
        }

    @property
    def metrics(self) -> dict[str, float]:
        """Metric key (docs/metrics.md) to value."""
        return {
            **self.evaluation.metrics,
            **self.findings.metrics,
            "n_features": float(self.n_features),
            "n_estimators": float(self.estimator.n_estimators),
        }

    @property
    def fold_metrics(self) -> dict[str, list[float]]:
        """Histories that the UI draws as curves: per test fold, per betting night, per tree."""
        return self.evaluation.fold_metrics

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """What is needed to run it again, and what each feature is."""
        join = self.data.join_report
        return {
            "training_config.json": {
                "config": self.config.model_dump(mode="json"),
                "model_params": dict(self.estimator.params),
                "study": self.study,
                "code": code(),
                "data": {
                    "source": self.data.source,
                    "fingerprint": self.data.fingerprint,
                    "simulated": self.data.simulated,
                    "seasons": sorted(self.data.games["season"].unique()),
                    "n_games": int(self.data.games["game_id"].nunique()),
                    "n_player_games": len(self.data.games),
                    "n_quotes": len(self.data.quotes_of(self.config.market)),
                    "odds_join": [] if join is None else join.frame().to_dict("records"),
                },
                "folds": self.evaluation.folds.astype({"role": str}).to_dict("records"),
            },
            "feature_config.json": {
                "n_features": self.n_features,
                "groups": self.config.feature_groups or "all",
                "features": [asdict(feature) for feature in catalogue() if feature.name in self._offered],
            },
            **self._blend,
            **self.findings.documents,
        }

    @property
    def _blend(self) -> dict[str, dict[str, Any]]:
        """What moves a forecast of the logged model, which knows no prices, to the market; for market blends only."""
        pricing = self.evaluation.pricing
        if pricing.blend_weights is None:
            return {}
        blend = final_blend(pricing.lines)
        return {"market_blend.json": {**asdict(blend), "distribution": self.evaluation.distribution}}

    @property
    def _offered(self) -> set[str]:
        return set(self.data.features) & set(feature_names(self.config.feature_groups))

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Rows worth a second look outside MLflow."""
        tables = {
            "predictions.csv": self.evaluation.predictions,
            "error_analysis.csv": error_analysis(self.evaluation.predictions),
            "folds.csv": self.evaluation.folds,
        }
        importances = self.estimator.importances()
        if len(importances):
            table, folds = importances.rename_axis("feature").reset_index(), self.evaluation.importances
            if folds is not None:
                ends = folds.reindex(columns=table["feature"], fill_value=0.0)
                table = table.assign(least_fold=ends.min().to_numpy(), most_fold=ends.max().to_numpy())
            tables["feature_importance.csv"] = table
        if len(self.evaluation.ledger):
            tables["bets.csv"] = self.evaluation.ledger
        if len(self.evaluation.closes):
            tables["closes_by_night.csv"] = self.evaluation.closes
        if len(self.evaluation.quality):
            tables["odds_quality.csv"] = self.evaluation.quality
        if self.evaluation.pricing.blend_weights is not None:
            tables["blend_weights.csv"] = self.evaluation.pricing.blend_weights
        if self.evaluation.distribution_scores is not None:
            tables["distribution_scores.csv"] = self.evaluation.distribution_scores
        return tables | self.findings.tables

    @cached_property
    def figures(self) -> Mapping[str, Callable[[], Figure]]:
        """Plots of the run; those that need lines or bets are absent where there are none."""
        title = f"{self.config.market.upper()}, {self.config.model}"
        about = About(title, simulated=self.data.simulated, seed=self.config.seed)
        drawn = market_figures(self.evaluation, self.estimator, about)
        return {name: lambda figure=figure: figure for name, figure in drawn.items()}  # type: ignore[misc]


def run_note(view: EvaluationView, place: str) -> str:
    """The note of an evaluated run, in Markdown; `place` is the route of its page, ``#/experiments/1/runs/<id>``."""
    simulated = " The data are SIMULATED." if view.data.simulated else ""
    lines = [f"**{headline(view.config.model, view.config.market, view.metrics)}**{simulated}"]
    lines += [f"- {said}" for said in (*answers(view.metrics), why_no_bet(view.evaluation, view.config)) if said]
    lines += ["", f"Differs from the defaults: {differences(view.config) or 'nothing'}."]
    linked = [(f"{name}.png", caption.link) for name, caption in CAPTIONS.items() if caption.link]
    links = [f"[{words}]({place}/artifacts/{file})" for file, words in linked if file in view.figures]
    return "\n".join([*lines, "", f"Pictures: {', '.join(links)}"])
