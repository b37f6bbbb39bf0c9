"""NBAPropsMLflowTrainer: one market from loaded data to a tracked, registered and gated model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration import ModelRegistry, NBAPropsTracker, get_profile
from mlflow_integration.logging.items import Document, Metrics, Params, Table, Tags
from mlflow_integration.promotion.records import GATE_METRICS
from mlflow_integration.promotion.staging import STAGING_REPLAY
from mlflow_integration.utils import search_runs
from mlflow_integration.values.markdown import with_section
from models import naming
from models.data import TrainingData, availability_of, load_training_data, prediction_info, simulated_training_data
from models.forecasting import EstimatorSpec, Forecasts, config_folds
from models.identity import settings_key
from models.line_ups import STAND_IN
from models.logged.make import prop_forecast
from models.logged.model import log_forecast, used_columns
from models.notes import why_no_bet
from models.staging_window import staging_window
from models.studies import RULE_FILE, RULE_TAG, Findings, arms, forecast_findings, study_findings
from models.view import NOTE_TAG, EvaluationView, logged_params
from nba_props.config import TrainerConfig, make_config
from nba_props.errors import ConfigError
from nba_props.evaluation.market import evaluate_market
from nba_props.forecast import ENSEMBLE, ESTIMATORS
from nba_props.metrics import stored_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    from mlflow_integration.logging.run import TrackedRun
    from mlflow_integration.registry import PromotionDecision
    from models.forecasting import Forecast
    from models.studies import Study
    from nba_props.evaluation.market import MarketEvaluation
    from nba_props.forecast import Estimator
    from nba_props.forecast.folds import Fold

__all__ = ["NBAPropsMLflowTrainer", "TrainingResult"]

SETTINGS_TAG: Final = "settings_key"
"""Tag of a run with its `models.identity.settings_key`."""
FIT_TAG: Final = "run_kind"
FIT_ONLY: Final = "fit"
"""Value of `FIT_TAG` of a run that only fits a model: it has no score, and so is not a trial."""


@dataclass(frozen=True)
class TrainingResult:
    """The result of one run.

    Attributes:
        metrics: Metric key to value, by their plain names.
        registration: Version, gate report and stage; None where nothing was registered.
        remark: What a reader of the table has to be told besides: why no bet was made.
    """

    market: str
    run_id: str
    metrics: dict[str, float]
    registration: PromotionDecision | None
    remark: str = ""
    experiment_id: str = ""


def check_gate_profile(config: TrainerConfig) -> None:
    """Refuse a gate profile that does not exist (ConfigError), before a training is spent on it."""
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
        study: A question the run also answers (`models.studies`).
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

    def train_model(self, *, log: bool = True) -> Estimator:
        """Fit the final model on every row, in a tracked run of its own (unless `log` is False): for tomorrow's games.

        A single model is fitted alone, without a walk-forward; an ensemble needs one to learn its weights from. The run
        holds the model, its parameters and what it was fitted on, and no score: nothing was kept out to score it on. It
        is not a trial.
        """
        if not log:
            return self._fitted()
        config, data = self.config, self._data
        tracker = self._tracker()
        tags = {**self._first_tags(), FIT_TAG: FIT_ONLY}
        with tracker.start_run(naming.run_name(config, data, "fit"), tags=tags, nested=True):
            estimator = self._fitted()
            self._log_data(tracker)
            note = f"{config.model} fitted on every row of {config.market}, without a score. {_kind_note(data)}"
            n_features = float(self._shared().features(config).shape[1])
            numbers = {"n_features": n_features, "n_estimators": float(estimator.n_estimators)}
            tracker.log_items(
                [
                    Params(logged_params(config, estimator)),
                    Metrics({stored_key(name): value for name, value in numbers.items()}),
                    Tags({NOTE_TAG: note.strip()}),
                ]
            )
            self._log_model(tracker, estimator, None)
        return estimator

    def _fitted(self) -> Estimator:
        config, data = self.config, self._data
        if config.model == ENSEMBLE:
            return self.forecast().estimator
        minutes = data.games["min"] if ESTIMATORS[config.forecaster].needs_minutes else None
        estimator = EstimatorSpec(
            config.forecaster, dict(config.model_params), config.seed, minutes, config.selection
        )()
        estimator.fit(self._shared().features(config), prediction_info(data, config.market)["actual"])
        return estimator

    def train_and_evaluate_walk_forward(self, *, n_trials: int | None = None, log: bool = True) -> MarketEvaluation:
        """Walk forward through the test seasons and compute everything the forecasts are worth, in a tracked run.

        Everything that `run` logs is logged, but the model.

        Args:
            n_trials: Runs tried so far on this market, this one included; counted in the store by default, and 1
                without a log.
            log: False leaves the run out.

        Raises:
            NotEnoughDataError: Too few rows before a fold.
        """
        if not log:
            return self._evaluation(n_trials or 1)
        tracker = self._tracker()
        name = naming.run_name(self.config, self._data, "evaluation")
        with tracker.start_run(name, tags=self._first_tags(), nested=True) as run:
            view = self.view(n_trials or self._trials(tracker), _place(run))
            self._log_data(tracker)
            tracker.log_evaluation(view)
        return view.evaluation

    def _evaluation(self, n_trials: int) -> MarketEvaluation:
        quotes = self._data.quotes_of(self.config.market)
        return evaluate_market(self.forecast().result, quotes, self.config, n_trials=n_trials)

    def earlier_run(self) -> str | None:
        """The newest finished run of the experiment with the same settings, data and code; None where there is none."""
        where = (
            f"attributes.status = 'FINISHED' and tags.{SETTINGS_TAG} = '{self._settings_key}' and metrics.val_mae > 0"
        )
        tracker = self._tracker()
        found = tracker.client.search_runs([tracker.experiment_id], where, max_results=1)
        return str(found[0].info.run_id) if found else None

    def run(self, run_name: str | None = None, *, register: bool = True) -> TrainingResult:
        """Everything in one tracked run: evaluate, fit, log, register, judge by the gates, promote or keep.

        A failure marks the run FAILED with the reason as a tag, and is re-raised.

        Args:
            run_name: Name of the run; by default market, model, main settings and test seasons (`models.naming`).
            register: Register the final model and let the gates decide on its stage.
        """
        config, data = self.config, self._data
        if register and config.line_feature:
            message = "line_feature: a slate is forecast before it is priced, so such a model cannot be registered."
            raise ConfigError(message)
        tracker = self._tracker()
        name = run_name or naming.run_name(config, data)
        with tracker.start_run(name, tags=self._first_tags()) as run:
            n_trials = self._trials(tracker)
            view = self.view(n_trials, _place(run))
            self._log_data(tracker)
            tracker.log_evaluation(view)
            if register:
                self._log_staging_window(tracker, view, n_trials)
            self._log_model(tracker, view.estimator, view)
        registration = self.register(run.run_id) if register else None
        remark = why_no_bet(view.evaluation, config)
        return TrainingResult(config.market, run.run_id, view.metrics, registration, remark, run.experiment_id)

    def _tracker(self) -> NBAPropsTracker:
        return NBAPropsTracker(self.experiment_name, tracking_uri=self.tracking_uri)

    @property
    def _settings_key(self) -> str:
        return settings_key(self.config, self.study, self._data)

    def _first_tags(self) -> dict[str, str]:
        """The tags a run has from its first moment on: what a failed one must say too."""
        own = {"market": self.config.market, "model": self.config.model, "data_kind": self._data.kind}
        own["availability"] = availability_of(self._data, self.config)
        return {**own, SETTINGS_TAG: self._settings_key, **self.tags}

    def _log_data(self, tracker: NBAPropsTracker) -> None:
        data = self._data
        tracker.log_dataset(data.games, name="games", source=data.source, fingerprint=data.fingerprint)

    def register(self, run_id: str) -> PromotionDecision:
        """Register the model of a finished run, judge it by the gates, promote or keep it.

        A run whose model is registered already keeps its version: an interrupted run is continued where it stopped.
        """
        registry = ModelRegistry(self.tracking_uri, staging_nights=self.config.staging_nights)
        data, profile = self._data, self.config.gate_profile
        found = registry.client.search_model_versions(f"name = '{self.model_name}' and run_id = '{run_id}'")
        tags = {"market": self.config.market, "data_kind": data.kind, "data_fingerprint": data.fingerprint}
        tags |= {RULE_TAG: self.tags[RULE_TAG]} if RULE_TAG in self.tags else {}
        if found:
            version = int(found[0].version)
        else:
            note = registry.client.get_run(run_id).data.tags.get(NOTE_TAG, "")
            first = note.partition("\n")[0].replace("**", "") or None  # the list of versions shows it as it is
            version = registry.register_model(run_id, self.model_name, tags, description=first, gate_profile=profile)
        decision = registry.promote_if_passing(self.model_name, version, profile=profile)
        note = registry.client.get_run(run_id).data.tags.get(NOTE_TAG, "")
        said = f"{self.model_name} version {version} is in {decision.stage}. {decision.report.markdown()}"
        registry.client.set_tag(run_id, NOTE_TAG, with_section(note, "Gates", said))
        return decision

    @property
    def model_name(self) -> str:
        """Registered model: one of the simulated league or the stand-in is never taken for one that may go live."""
        kind = "_SIMULATED" if self._data.simulated else ""
        stand_in = "_STAND_IN" if availability_of(self._data, self.config) == STAND_IN else ""
        return f"NBAProps_{self.config.market}{kind}{stand_in}"

    def _trials(self, tracker: NBAPropsTracker) -> int:
        """What was tried before a choice: finished runs on the same market and kind of data, and the one under way.

        They are those of its own experiment and of the experiments it was chosen from.
        """
        where = f"tags.market = '{self.config.market}' and attributes.status = 'FINISHED'"
        names = list(dict.fromkeys((self.experiment_name, *self.chosen_from)))
        found = search_runs(names, where=where, tracking_uri=tracker.store.uri)
        columns = found.reindex(columns=["tags.data_kind", "tags.availability", f"tags.{FIT_TAG}"])
        kinds = columns["tags.data_kind"].fillna(self._data.kind)
        stand_in = availability_of(self._data, self.config) == STAND_IN
        known = (columns["tags.availability"] == STAND_IN) == stand_in
        return 1 + int(((kinds == self._data.kind) & known & (columns[f"tags.{FIT_TAG}"] != FIT_ONLY)).sum())

    def view(self, n_trials: int = 1, place: str = "") -> EvaluationView:
        """Everything that a run of these settings logs; computed, and logged nowhere.

        `n_trials` counts the runs tried so far on this market, this one included. Without the route of the run's page
        in the UI (`place`) there is no note.
        """
        config, data = self.config, self._data
        evaluation = self._evaluation(n_trials)
        forecast = self.forecast()
        n_features = self._shared().features(config).shape[1]
        findings = forecast_findings(forecast, n_features)
        if self.study is not None:
            findings |= study_findings(self.study, evaluation, config, data, self._shared())
        elif RULE_TAG in self.tags:
            findings |= Findings(documents={RULE_FILE: json.loads(self.tags[RULE_TAG])})
        return EvaluationView(
            evaluation=evaluation,
            config=config,
            data=data,
            estimator=forecast.estimator,
            n_features=n_features,
            findings=findings,
            study=None if self.study is None else self.study.model_dump(mode="json"),
            place=place,
        )

    def _shared(self) -> Forecasts:
        if self._forecasts is None or self._forecasts.data is not self._data:
            self._forecasts = Forecasts(self._data, arms(self.config, self.study), self._on_fold)
        return self._forecasts

    def _log_staging_window(self, tracker: NBAPropsTracker, view: EvaluationView, n_trials: int) -> None:
        """Log what the gates see, and the last nights, which they do not see."""
        window = staging_window(view.evaluation, self.config, n_trials=n_trials)
        if window is None:
            return
        others = {key: value for key, value in view.metrics.items() if key not in view.evaluation.metrics}
        tracker.log_items([Document(GATE_METRICS, window.document(others)), Table(STAGING_REPLAY, window.settled)])

    def _log_model(self, tracker: NBAPropsTracker, estimator: Estimator, view: EvaluationView | None) -> None:
        """Log the whole forecast, probabilities included; without an evaluation the estimator alone."""
        config, frame = self.config, self._shared().features(self.config)
        forecast = None
        if view is not None:
            chosen = used_columns(estimator, frame)
            forecast = prop_forecast(estimator, chosen, self._data, config, self.forecast().result, view.evaluation)
        log_forecast(tracker, estimator, config, frame, forecast)


def _place(run: TrackedRun) -> str:
    return f"#/experiments/{run.experiment_id}/runs/{run.run_id}"


def _kind_note(data: TrainingData) -> str:
    return "The data are SIMULATED." if data.simulated else ""
