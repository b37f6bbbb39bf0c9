"""NBAPropsMLflowTrainer: one market from loaded data to a tracked, registered and gated model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import joblib

from mlflow_integration import ModelRegistry, NBAPropsTracker, get_profile
from mlflow_integration.logging.items import Document, Table
from mlflow_integration.logging.models import frame_signature
from mlflow_integration.promotion.records import GATE_METRICS
from mlflow_integration.promotion.staging import STAGING_REPLAY
from mlflow_integration.utils import search_runs
from models.data import TrainingData, load_training_data, prediction_info, simulated_training_data
from models.forecasting import EstimatorSpec, Forecasts, config_folds, feature_frame
from models.line_ups import STAND_IN, availability_of
from models.plan.studies import arms, forecast_findings, study_findings
from models.prop_forecast import LINE, MINUTES, prop_forecast
from models.staging_window import staging_window
from models.view import EvaluationView
from nba_props.config import TrainerConfig, make_config
from nba_props.errors import ConfigError
from nba_props.evaluation.market import evaluate_market
from nba_props.forecast import ENSEMBLE, ESTIMATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    from mlflow_integration.registry import PromotionDecision
    from models.forecasting import Forecast
    from models.plan.studies import Study
    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast import Estimator
    from nba_props.forecast.folds import Fold

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


def check_gate_profile(config: TrainerConfig) -> None:
    """Refuse a gate profile that does not exist, before a training is spent on it.

    Raises:
        ConfigError: There is no such profile.
    """
    try:
        get_profile(config.gate_profile)
    except ConfigError as error:
        message = f"gate_profile: {error}"
        raise ConfigError(message) from error


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
        study: A question the run also answers (`models.plan.studies`).
        tags: Tags of the run besides the standard ones.
        chosen_from: Other experiments whose runs this one was chosen from: they count as trials.
        forecasts: Forecasts shared with other trainers of the same data; own ones by default.
        on_fold: Called with (market, fits done, fits in all) after each fit, for a progress bar.
        **settings: Fields of `nba_props.config.TrainerConfig`.

    Raises:
        ConfigError: A setting cannot be used.
    """

    def __init__(  # noqa: PLR0913 - keyword only; each is one thing a run can be given
        self,
        market: str = "pra",
        *,
        config: TrainerConfig | None = None,
        training_data: TrainingData | None = None,
        experiment_name: str = "Phase1_Foundation",
        tracking_uri: str | None = None,
        study: Study | None = None,
        tags: Mapping[str, str] | None = None,
        chosen_from: Sequence[str] = (),
        forecasts: Forecasts | None = None,
        on_fold: Callable[[str, int, int], None] | None = None,
        **settings: Any,  # noqa: ANN401 - checked by TrainerConfig
    ) -> None:
        self.config = config or make_config(market=market, **settings)
        check_gate_profile(self.config)
        self.training_data = training_data
        self.experiment_name = experiment_name
        self.tracking_uri = tracking_uri
        self.study = study
        self.tags = dict(tags or {})
        self.chosen_from = tuple(chosen_from)
        self._forecasts = forecasts
        self._on_fold = on_fold

    def prepare_training_data(
        self,
        data: Sequence[str | PathLike[str]] | None = None,
        odds: Sequence[str | PathLike[str]] = (),
        *,
        season_stats: str | PathLike[str] | None = None,
        availability: Sequence[str | PathLike[str]] = (),
    ) -> TrainingData:
        """Load, check and join the input and build the features; the simulated league where `data` is None.

        Raises:
            DataError: Input that cannot be used; nothing has been written.
        """
        if data is None:
            self.training_data = simulated_training_data()
        else:
            self.training_data = load_training_data(data, odds, season_stats=season_stats, availability=availability)
        return self.training_data

    @property
    def _data(self) -> TrainingData:
        return self.training_data or self.prepare_training_data()

    def folds(self) -> list[Fold]:
        """The walk-forward of this run."""
        return config_folds(self._data, self.config)

    def forecast(self) -> Forecast:
        """Walk forward through the test seasons and fit the final model; computed once.

        Raises:
            NotEnoughDataError: Too few rows before a fold.
        """
        return self._shared().of(self.config)

    def train_model(self) -> Estimator:
        """The final model, fitted on every row: what is logged, registered and used for tomorrow's games.

        A single model is fitted alone, without a walk-forward; an ensemble needs one to learn its weights from.
        """
        config, data = self.config, self._data
        if config.model == ENSEMBLE:
            return self.forecast().estimator
        minutes = data.games["min"] if ESTIMATORS[config.forecaster].needs_minutes else None
        estimator = EstimatorSpec(
            config.forecaster, dict(config.model_params), config.seed, minutes, config.selection
        )()
        estimator.fit(feature_frame(data, config), prediction_info(data, config.market)["actual"])
        return estimator

    def train_and_evaluate_walk_forward(self, *, n_trials: int = 1) -> MarketEvaluation:
        """Walk forward through the test seasons and compute everything the forecasts are worth; nothing is logged.

        Args:
            n_trials: Runs tried so far on this market, this one included.

        Raises:
            NotEnoughDataError: Too few rows before a fold.
        """
        quotes = self._data.quotes_of(self.config.market)
        return evaluate_market(self.forecast().result, quotes, self.config, n_trials=n_trials)

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
        known = availability_of(data, config)
        tags = {"market": config.market, "data_kind": data.kind, "availability": known, **self.tags}
        with tracker.start_run(name, tags=tags) as run:
            n_trials = self._trials(tracker)
            view = self._evaluated(n_trials)
            tracker.log_dataset(data.games, name="games", source=data.source, fingerprint=data.fingerprint)
            tracker.log_evaluation(view)
            if register:
                self._log_staging_window(tracker, view, n_trials)
            self._log_model(tracker, view)
        registration = self.register(run.run_id) if register else None
        return TrainingResult(config.market, run.run_id, view.metrics, registration)

    def register(self, run_id: str) -> PromotionDecision:
        """Register the model of a finished run, judge it by the gates, promote or keep it.

        A run whose model is registered already keeps its version: what was interrupted is taken up where it stopped.
        """
        registry = ModelRegistry(self.tracking_uri, staging_nights=self.config.staging_nights)
        data, profile = self._data, self.config.gate_profile
        found = registry.client.search_model_versions(f"name = '{self.model_name}' and run_id = '{run_id}'")
        tags = {"market": self.config.market, "data_kind": data.kind, "data_fingerprint": data.fingerprint}
        if found:
            version = int(found[0].version)
        else:
            version = registry.register_model(
                run_id=run_id, model_name=self.model_name, tags=tags, gate_profile=profile
            )
        return registry.promote_if_passing(self.model_name, version, profile=profile)

    @property
    def model_name(self) -> str:
        """Registered model: one of the simulated league, or of the stand-in, never passes for one that may go live."""
        kind = "_SIMULATED" if self._data.simulated else ""
        stand_in = "_STAND_IN" if availability_of(self._data, self.config) == STAND_IN else ""
        return f"NBAProps_{self.config.market}{kind}{stand_in}"

    def _trials(self, tracker: NBAPropsTracker) -> int:
        """What was tried before a pick: finished runs on the same market and kind of data, and the one under way.

        They are those of its own experiment and of the experiments it was chosen from.
        """
        where = f"tags.market = '{self.config.market}' and attributes.status = 'FINISHED'"
        names = list(dict.fromkeys((self.experiment_name, *self.chosen_from)))
        found = search_runs(names, where=where, tracking_uri=tracker.store.uri)
        kinds = found.reindex(columns=["tags.data_kind"])["tags.data_kind"].fillna(self._data.kind)
        known = found.reindex(columns=["tags.availability"])["tags.availability"] == STAND_IN
        stand_in = availability_of(self._data, self.config) == STAND_IN
        return 1 + int(((kinds == self._data.kind) & (known == stand_in)).sum())

    def _evaluated(self, n_trials: int) -> EvaluationView:
        config, data = self.config, self._data
        evaluation = self.train_and_evaluate_walk_forward(n_trials=n_trials)
        forecast = self.forecast()
        n_features = self._shared().features(config).shape[1]
        findings = forecast_findings(forecast, n_features)
        if self.study is not None:
            findings |= study_findings(self.study, evaluation, config, data, self._shared())
        return EvaluationView(
            evaluation=evaluation,
            config=config,
            data=data,
            estimator=forecast.estimator,
            n_features=n_features,
            findings=findings,
        )

    def _shared(self) -> Forecasts:
        if self._forecasts is None or self._forecasts.data is not self._data:
            self._forecasts = Forecasts(self._data, arms(self.config, self.study), self._on_fold)
        return self._forecasts

    def _log_staging_window(self, tracker: NBAPropsTracker, view: EvaluationView, n_trials: int) -> None:
        """Log what the gates see, and the last nights, which they do not see."""
        quotes = self._data.quotes_of(self.config.market)
        window = staging_window(self.forecast().result, quotes, view.evaluation, self.config, n_trials=n_trials)
        if window is None:
            return
        others = {key: value for key, value in view.metrics.items() if key not in view.evaluation.metrics}
        tracker.log_items([Document(GATE_METRICS, window.document(others)), Table(STAGING_REPLAY, window.settled)])

    def _log_model(self, tracker: NBAPropsTracker, view: EvaluationView) -> None:
        """Log the whole forecast in MLflow's form, and its estimator as ``model.joblib``, which no code here loads."""
        from models.pyfunc import ForecastModel, attach

        config, estimator, frame = self.config, view.estimator, self._shared().features(self.config)
        chosen = frame[list(getattr(estimator, "selected", frame.columns))]
        native = config.model != ENSEMBLE and ESTIMATORS[config.forecaster].flavour == "native"
        with TemporaryDirectory(prefix="nba_props_") as folder:
            path = Path(folder) / "model.joblib"
            joblib.dump(estimator.native if native else estimator, path, compress=3)
            tracker.log_artifacts(path)
        forecast = prop_forecast(estimator, chosen, self._data, config, self.forecast().result, view.evaluation)
        example = frame.tail(5)
        options = {
            # The line and the minutes are no features: a frame may bring them, and has probabilities then.
            "signature": frame_signature(example.assign(**{LINE: 0.5, MINUTES: 0.5})),
            "finish": partial(attach, forecast=forecast),
        }
        if native:
            tracker.log_model(estimator.native, input_example=chosen.tail(5), **options)
        else:
            tracker.log_model(ForecastModel(estimator), model_type="pyfunc", input_example=example, **options)
