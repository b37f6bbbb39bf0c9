"""NBAPropsMLflowTrainer: one market from loaded data to a tracked, registered and gated model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joblib import cpu_count

from mlflow_integration import ModelRegistry, NBAPropsTracker
from models._training_data import TrainingData, load_training_data, prediction_info, simulated_training_data
from models._view import EvaluationView
from nba_props.config import TrainerConfig, make_config
from nba_props.estimators import make_estimator
from nba_props.evaluation.market import evaluate_market
from nba_props.evaluation.splits import walk_forward_folds
from nba_props.evaluation.walk_forward import walk_forward
from nba_props.features import prior_games_in_season

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from mlflow_integration.registry import PromotionDecision
    from nba_props.estimators import Estimator
    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.evaluation.splits import Fold

__all__ = ["NBAPropsMLflowTrainer", "TrainingResult"]


@dataclass(frozen=True)
class TrainingResult:
    """What one run came to.

    Attributes:
        market: Market key.
        run_id: MLflow run.
        metrics: Metric key to value, as logged.
        registration: Version, gate report and stage; None where nothing was registered.
    """

    market: str
    run_id: str
    metrics: dict[str, float]
    registration: PromotionDecision | None


class NBAPropsMLflowTrainer:
    """Trains, evaluates, tracks, registers and gates a model of one market.

    Usage::

        trainer = NBAPropsMLflowTrainer(market="pra", model="xgboost")
        trainer.prepare_training_data(["box_scores/"], ["lines/"])
        result = trainer.run()

    Nothing is written before `run`; bad data raise in `prepare_training_data`.

    Args:
        market: Key of `nba_props.markets.MARKETS`.
        config: Settings; `settings` build one where it is not given.
        training_data: Data prepared by another trainer, to share one feature table between markets.
        experiment_name: Experiment the run goes to.
        tracking_uri: Where to track; ``MLFLOW_TRACKING_URI`` or the embedded store by default.
        on_fold: Called with (folds done, folds in all) after each fold, for a progress bar.
        **settings: Fields of `nba_props.config.TrainerConfig`.

    Raises:
        ConfigError: A setting can not be used.
    """

    def __init__(
        self,
        market: str = "pra",
        *,
        config: TrainerConfig | None = None,
        training_data: TrainingData | None = None,
        experiment_name: str = "Phase1_Foundation",
        tracking_uri: str | None = None,
        on_fold: Callable[[int, int], None] | None = None,
        **settings: Any,  # noqa: ANN401 - checked by TrainerConfig
    ) -> None:
        self.config = config or make_config(market=market, **settings)
        self.training_data = training_data
        self.experiment_name = experiment_name
        self.tracking_uri = tracking_uri
        self._on_fold = on_fold

    def prepare_training_data(
        self,
        data: Sequence[str | PathLike[str]] | None = None,
        odds: Sequence[str | PathLike[str]] = (),
        *,
        season_stats: str | PathLike[str] | None = None,
    ) -> TrainingData:
        """Load, check and join the input and build the features; the simulated league where `data` is None.

        Raises:
            DataError: Input that can not be used; nothing has been written.
        """
        groups = self.config.feature_groups
        if data is None:
            self.training_data = simulated_training_data(feature_groups=groups)
        else:
            self.training_data = load_training_data(data, odds, season_stats=season_stats, feature_groups=groups)
        return self.training_data

    @property
    def _data(self) -> TrainingData:
        return self.training_data or self.prepare_training_data()

    def folds(self) -> list[Fold]:
        """The walk-forward of this run."""
        settings = self.config.walk_forward
        games = self._data.games
        lined = self._data.usable_seasons(self.config.market)
        first = settings.first_test_season or (lined[0] if lined else None)
        return walk_forward_folds(
            games["game_date"], games["season"], first_test_season=first, step=settings.step, gap_days=settings.gap_days
        )

    def train_model(self) -> Estimator:
        """Fit the final model on every row: what is logged, registered and used for tomorrow's games."""
        estimator = self._make()
        estimator.fit(self._data.features, prediction_info(self._data, self.config.market)["actual"])
        return estimator

    def train_and_evaluate_walk_forward(self) -> MarketEvaluation:
        """Walk forward through the test seasons and compute everything the forecasts are worth; nothing is logged.

        Raises:
            NotEnoughDataError: Too few rows before a fold.
        """
        info = prediction_info(self._data, self.config.market)
        folds = self.folds()
        done = 0

        def count(_: Fold) -> None:
            nonlocal done
            done += 1
            if self._on_fold is not None:
                self._on_fold(done, len(folds))

        result = walk_forward(
            self._data.features,
            info["actual"],
            info,
            folds,
            self._make,
            evaluated=prior_games_in_season(self._data.games) > 0,
            workers=self.config.workers or cpu_count(),
            on_fold=count,
        )
        return evaluate_market(result, self._data.quotes_of(self.config.market), self.config)

    def run(self, run_name: str | None = None, *, register: bool = True) -> TrainingResult:
        """Everything in one tracked run: evaluate, fit, log, register, judge by the gates, promote or keep.

        A failure marks the run FAILED with the reason as a tag and goes on to the caller.

        Args:
            run_name: Name of the run; ``<model>_<market>`` by default.
            register: Register the final model and let the gates decide on its stage.
        """
        config, data = self.config, self._data
        tracker = NBAPropsTracker(self.experiment_name, tracking_uri=self.tracking_uri)
        name = run_name or f"{config.model}_{config.market}"
        with tracker.start_run(name, tags={"market": config.market, "data_kind": data.kind}) as run:
            view = EvaluationView(self.train_and_evaluate_walk_forward(), config, data, self.train_model())
            tracker.log_dataset(data.games, name="games", source=data.source, fingerprint=data.fingerprint)
            tracker.log_evaluation(view)
            tracker.log_model(view.estimator.native, input_example=data.features.tail(5))
        registration = self._register(run.run_id, data) if register else None
        return TrainingResult(config.market, run.run_id, view.metrics, registration)

    @property
    def model_name(self) -> str:
        """Registered model: a model of the simulated league can never stand in for one of real data."""
        return f"NBAProps_{self.config.market}{'_SIMULATED' if self._data.simulated else ''}"

    def _register(self, run_id: str, data: TrainingData) -> PromotionDecision:
        registry = ModelRegistry(self.tracking_uri)
        tags = {"market": self.config.market, "data_kind": data.kind, "data_fingerprint": data.fingerprint}
        version = registry.register_model(run_id=run_id, model_name=self.model_name, tags=tags)
        return registry.promote_if_passing(self.model_name, version, profile=self.config.gate_profile)

    def _make(self) -> Estimator:
        config = self.config
        return make_estimator(config.model, config.model_params, seed=config.seed)
