"""`NBAPropsTracker`: runs, numbers, plots and models into MLflow, in few requests and checked before they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlflow_integration.logging import diagnostics as _diagnostics
from mlflow_integration.logging.autolog import check_frameworks, enable_autologging
from mlflow_integration.logging.environment import standard_tags
from mlflow_integration.logging.items import (
    Artifact,
    Document,
    Item,
    Metrics,
    Params,
    SupportsEvaluation,
    Tags,
    evaluation_items,
)
from mlflow_integration.logging.models import LoggedModel, ModelToLog, is_model_name, model_type_of, save_and_log
from mlflow_integration.logging.run import RunStack, TrackedRun, failure_of, register_exit_handler
from mlflow_integration.logging.signals import held_signals
from mlflow_integration.logging.sink import Sink
from mlflow_integration.logging.spool import Outbox
from mlflow_integration.stages.records import RegistryStore
from mlflow_integration.stages.registration import check_model_name, register_version
from mlflow_integration.store.abandoned import close_abandoned_once
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.experiments import check_experiment_name, ensure_experiment
from mlflow_integration.store.location import project_root, resolve_store
from mlflow_integration.values.arguments import as_mapping, as_whole, require_fitted, require_frame
from nba_props.errors import StoreError, TrackingError
from nba_props.metrics import all_prefixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.entities import Experiment
    from mlflow.tracking import MlflowClient

    from mlflow_integration.values.types import AnyModel, AnyValue

__all__ = ["NBAPropsTracker"]


class NBAPropsTracker(_diagnostics.Diagnostics):
    """Tracks runs of one experiment.

    Nothing is opened or created before the first run starts.

    Args:
        experiment_name: Experiment of the runs; created at the first run, restored if it was deleted.
        tracking_uri: Where to track; ``MLFLOW_TRACKING_URI`` or the project's embedded store by default.
        artifact_location: Artifact URI of the experiment if it is created here; the store decides by default.
        offline: Ask no server: runs are kept in a spool of this machine, until ``compare_experiments.py replay``.
    """

    def __init__(
        self,
        experiment_name: str = "Phase1_Foundation",
        tracking_uri: str | Path | None = None,
        artifact_location: str | None = None,
        *,
        offline: bool = False,
    ) -> None:
        self.experiment_name = check_experiment_name(experiment_name)
        self.artifact_location = artifact_location
        self.store = resolve_store(tracking_uri)
        self.offline = offline
        self._client: MlflowClient | None = None
        self._experiment: Experiment | None = None
        self._runs = RunStack()
        self._autolog: tuple[str, ...] | None = None

    # -- the store ------------------------------------------------------------------------------------------------

    @property
    def tracking_uri(self) -> str:
        """URI of the store."""
        return self.store.uri

    @property
    def client(self) -> MlflowClient:
        """Plain MLflow client of the store, for what this class does not do."""
        if self.offline:
            message = "This tracker is offline: it can log, and nothing can be read until its runs are replayed."
            raise StoreError(message)
        if self._client is None:
            self._client = self.store.client()
            register_exit_handler()
            close_abandoned_once(self._client, self.store)
        return self._client

    @property
    def experiment_id(self) -> str:
        """Id of the experiment, which is created if it does not exist."""
        if self._experiment is None:
            self._experiment, _ = ensure_experiment(
                self.client, self.store, self.experiment_name, artifact_location=self.artifact_location
            )
        return str(self._experiment.experiment_id)

    # -- runs -----------------------------------------------------------------------------------------------------

    @property
    def active_run(self) -> TrackedRun | None:
        """The innermost run of this tracker under way in this thread."""
        return self._runs.active

    @property
    def run_id(self) -> str:
        """Id of the active run.

        Raises:
            TrackingError: None is active.
        """
        return self._runs.current().run_id

    def start_run(
        self,
        run_name: str | None = None,
        *,
        tags: Mapping[str, Any] | None = None,
        nested: bool = False,
        parent_run_id: str | None = None,
        description: str | None = None,
    ) -> TrackedRun:
        """Start a run; use it in a ``with`` block, or end it with `end_run`.

        An exception inside the block marks the run FAILED (KILLED for an interruption), keeps its type and message in
        the tag ``failure_reason``, and is re-raised.

        Args:
            run_name: Name of the run; MLflow invents one by default.
            tags: Tags besides the standard ones (git commit, package versions).
            nested: Make it a child of the run under way.
            parent_run_id: Make it a child of this run, under way or not.
            description: Text shown on the run's page.

        Raises:
            TrackingError: A run is under way and `nested` is False.
        """
        client = None if self.offline else self.client
        if parent_run_id and client is not None:
            with store_errors(f"Reading the parent run {parent_run_id!r}", self.store.uri):
                client.get_run(str(parent_run_id))
        parent = parent_run_id or self._runs.parent_of_next(nested=nested)
        given = as_mapping("Tags", tags or {})
        if description:
            given["mlflow.note.content"] = description
        if parent:
            given["mlflow.parentRunId"] = parent
        sink = Sink(client, self.store.uri, Outbox(self.store, client))
        register_exit_handler()
        experiment_id, tags = (
            "" if self.offline else self.experiment_id,
            {**given, **standard_tags(project_root()), **given},
        )
        run: TrackedRun | None = None
        try:
            with held_signals():
                made, files = sink.start((self.experiment_name, experiment_id), run_name, tags)
                run = self._runs.enter(made, sink, self.store.uri)
            sink.upload(run.run_id, files)
            if self._autolog is not None:
                enable_autologging(*self._autolog)
                self._autolog = None
        except BaseException as error:  # nobody gets this run to end it
            if run is not None:
                status, reason = failure_of(error)
                run.end(status, reason=reason)
            raise
        return run

    def end_run(self, status: str = "FINISHED", *, reason: str | None = None) -> None:
        """End the active run.

        Args:
            status: FINISHED, FAILED or KILLED.
            reason: Why it did not finish, kept as the tag ``failure_reason``.

        Raises:
            TrackingError: No run is active, or the status is unknown.
        """
        self._runs.current().end(status, reason=reason)

    # -- logging --------------------------------------------------------------------------------------------------

    def log_items(self, items: Iterable[Item], *, allow_missing: bool = False) -> tuple[str, ...]:
        """Log any items in as few requests as possible; the other methods are short forms of this one.

        Returns:
            Names of the metrics left out because they are not finite (only with `allow_missing`).

        Raises:
            TrackingError: Something cannot be stored; then nothing of `items` has been sent.
        """
        run = self._runs.current()
        return run.sink.write(run.run_id, items, allow_missing=allow_missing)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters; nested dictionaries are flattened, a value that is too long is kept whole as an artifact."""
        self.log_items([Params(params)])

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags of the active run."""
        self.log_items([Tags(tags)])

    def log_metrics(
        self, metrics: Mapping[str, Any], step: int | None = None, *, allow_missing: bool = False
    ) -> tuple[str, ...]:
        """Log metrics under the names they have, in one request.

        Args:
            metrics: Metric key to number (Python, numpy or pandas).
            step: Step that they belong to, 0 by default.
            allow_missing: Leave out NaN and infinity instead of refusing them.

        Returns:
            Names of the metrics left out.

        Raises:
            NonFiniteMetricError: A metric is not finite and `allow_missing` is False.
        """
        return self.log_items([Metrics(metrics, step=step or 0)], allow_missing=allow_missing)

    def log_training_metrics(self, metrics: Mapping[str, Any], **options: AnyValue) -> tuple[str, ...]:
        """Log in-sample metrics: ``{"mae": ...}`` is stored as ``train_mae``."""
        return self.log_metrics(all_prefixed(as_mapping("Metrics", metrics), "train"), **options)

    def log_validation_metrics(self, metrics: Mapping[str, Any], **options: AnyValue) -> tuple[str, ...]:
        """Log out-of-sample metrics: ``{"mae": ...}`` is stored as ``val_mae``."""
        return self.log_metrics(all_prefixed(as_mapping("Metrics", metrics), "val"), **options)

    def log_betting_metrics(self, metrics: Mapping[str, Any], **options: AnyValue) -> tuple[str, ...]:
        """Log metrics of the settled bets (``roi``, ``win_rate``, ``clv``, ...) under the names they have."""
        return self.log_metrics(metrics, **options)

    def log_segmented_metrics(
        self, segments: Mapping[str, Any], *, metric: str | None = None, **options: AnyValue
    ) -> tuple[str, ...]:
        """Log metrics by segment.

        Args:
            segments: Segment to its metrics, ``{"tier1_stars": {"mae": 4.9, "n": 812}}`` stored as ``mae_tier1_stars``
                and ``n_tier1_stars``; or segment to one number together with `metric`; or full keys to numbers.
            metric: Name of the metric where each segment has one number.
            **options: As for `log_metrics`.
        """
        flat: dict[str, Any] = {}
        for segment, value in as_mapping("Segments", segments).items():
            inner = value if isinstance(value, Mapping) else {metric or "": value}
            for name, number in inner.items():
                key = f"{name}_{segment}" if name else str(segment)
                if key in flat:
                    message = f"Two segment metrics are both stored as {key!r}."
                    raise TrackingError(message)
                flat[key] = number
        return self.log_metrics(flat, **options)

    def log_fold(self, fold: int, metrics: Mapping[str, Any], *, allow_missing: bool = False) -> tuple[str, ...]:
        """Log the metrics of one walk-forward fold as step `fold` of ``<metric>_fold``; the UI draws the curve."""
        given = as_mapping("Metrics", metrics)
        named = {name: value for name, value in given.items() if str(name).endswith("_fold")}
        plain = {name: value for name, value in given.items() if name not in named}
        named |= {f"{name}_fold": value for name, value in all_prefixed(plain, "val").items()}
        return self.log_metrics(named, step=as_whole("The fold", fold), allow_missing=allow_missing)

    def log_artifacts(self, paths: Path | str | Sequence[Path | str], folder: str = "") -> None:
        """Log existing files, or the content of an existing folder.

        Args:
            paths: A file, a folder, or several.
            folder: Folder of the run's artifacts to put them in.
        """
        several = [paths] if isinstance(paths, str) or not hasattr(paths, "__iter__") else list(paths)
        self.log_items([Artifact(path, folder) for path in several])

    def log_training_config(self, config: Mapping[str, Any]) -> None:
        """Log the training configuration as ``training_config.json``."""
        self.log_items([Document("training_config.json", as_mapping("The configuration", config))])

    def log_feature_config(self, config: Mapping[str, Any]) -> None:
        """Log the feature configuration as ``feature_config.json``."""
        self.log_items([Document("feature_config.json", as_mapping("The configuration", config))])

    def log_evaluation(self, evaluation: SupportsEvaluation, *, allow_missing: bool = False) -> tuple[str, ...]:
        """Log everything that one evaluation holds: parameters, tags, metrics, histories, documents, tables, plots.

        Args:
            evaluation: Anything with the attributes of `SupportsEvaluation`.
            allow_missing: Leave out metrics that are not finite instead of refusing them.

        Returns:
            Names of the metrics left out.
        """
        return self.log_items(evaluation_items(evaluation), allow_missing=allow_missing)

    def log_dataset(
        self,
        df: pd.DataFrame,
        *,
        name: str,
        source: str | Path = "",
        fingerprint: str | None = None,
        context: str = "training",
    ) -> str:
        """Log `df` as an input of the run: name, schema, number of rows and fingerprint, not the rows.

        Args:
            df: The rows.
            name: Name of the data set.
            source: Where it came from, in words; of a path the last part is kept.
            fingerprint: Hash of the data, if it is known already; computed from every value otherwise.
            context: What it is used for.

        Returns:
            The fingerprint.
        """
        from mlflow_integration.logging.datasets import dataset_input
        from nba_props.content import fingerprint as content_of

        require_frame("A data set", df)
        if not name:
            message = "A data set needs a name."
            raise TrackingError(message)
        digest = fingerprint or content_of(df, ordered=True)
        described = dataset_input(df, name=name, source=source or name, fingerprint=digest, context=context)
        run = self._runs.current()
        run.sink.send(run.run_id, described)
        return digest

    def log_model(
        self,
        model: AnyModel,
        model_type: str | None = None,
        *,
        name: str | None = None,
        signature: AnyValue = None,
        input_example: AnyValue = None,
        registered_model_name: str | None = None,
        **options: AnyValue,
    ) -> LoggedModel:
        """Log a fitted model; its kind follows from its class.

        When the run ends, its metrics become the model's too, on the run's data set, where this is its only model.

        Args:
            model: XGBoost, LightGBM or scikit-learn model, or an ``mlflow.pyfunc.PythonModel``.
            model_type: ``"xgboost"``, ``"lightgbm"``, ``"sklearn"`` or ``"pyfunc"``, to overrule the class; any other
                text is the name of the model, as in ``mlflow.sklearn.log_model(model, "name")``.
            name: Name of the model within the run; "model" by default.
            signature: MLflow signature; made from `input_example` by default.
            input_example: A feature frame; three rows of it are kept with the model.
            registered_model_name: Register it under this name.
            **options: ``pip_requirements``, ``trusted_types`` (scikit-learn), ``tags``, ``params``, ``allow_code``
                (a pyfunc model runs code when it is loaded: say that you allow it; it is recorded), and ``finish``:
                called with the folder of the written model before it is stored, to add files to it.

        Raises:
            TrackingError: The model cannot be stored, or an option is unknown.
        """
        unknown = options.keys() - {"pip_requirements", "trusted_types", "tags", "params", "allow_code", "finish"}
        if unknown:
            message = f"log_model does not know {', '.join(sorted(unknown))}."
            raise TrackingError(message)
        run = self._runs.current()
        require_fitted(model)
        if name is None and is_model_name(model_type):
            name, model_type = model_type, None
        kind = model_type_of(model, model_type)
        spec = ModelToLog(model, kind, name or "model", signature, input_example, options)
        if registered_model_name:
            check_model_name(registered_model_name)
        logged = save_and_log(run.sink, self.store.uri, run.run_id, spec)
        if logged.model_id:
            run.model_ids.append(logged.model_id)
        elif registered_model_name:
            message = f"The model waits for the server, so it is not registered as {registered_model_name!r} yet."
            raise StoreError(message)
        if registered_model_name:
            records = RegistryStore(self.store, self.client)
            logged.version = register_version(records, run.run_id, registered_model_name, model_id=logged.model_id)
            logged.registered_model_name = registered_model_name
        return logged

    def enable_autologging(self, *frameworks: str) -> None:
        """Autolog fits into the active run, or into the next one to start, without a model each; off when it ends.

        Raises:
            TrackingError: A framework is unknown.
        """
        check_frameworks(frameworks)
        if self.active_run is None:
            self._autolog = frameworks
        else:
            enable_autologging(*frameworks)
