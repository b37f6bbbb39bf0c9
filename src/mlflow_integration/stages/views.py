"""What can be read of the registry: versions, stages, history, comparison, and the models themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlflow_integration.reading.comparison import side_by_side
from mlflow_integration.stages.rules import Stage
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import Store, fluent_store, load_mlflow
from mlflow_integration.values.arguments import as_names, as_version
from nba_props.errors import TrackingError, UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from mlflow.entities import Run

    from mlflow_integration.stages.records import ModelState, RegistryStore, VersionState
    from mlflow_integration.values.types import AnyModel


@dataclass(frozen=True)
class VersionInfo:
    """Everything known of one version.

    Attributes:
        model_name: The model.
        version: The version.
        stage: Where it stands.
        run_id: Its run.
        model_uri: For ``mlflow.pyfunc.load_model``.
        created: When it was registered, UTC.
        tags: Tags of the version, gate verdict among them.
        metrics: Metrics of its run.
        params: Parameters of its run.
        run_tags: Tags of its run.
    """

    model_name: str
    version: int
    stage: Stage
    run_id: str
    model_uri: str
    created: datetime
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    run_tags: Mapping[str, str]


class RegistryViews(ABC):
    """The reading half of `ModelRegistry`."""

    store: Store

    @property
    @abstractmethod
    def _records(self) -> RegistryStore: ...

    def transition_history(self, model_name: str) -> pd.DataFrame:
        """Return who moved which version when, from where to where and why, oldest first.

        Columns ``at``, ``by``, ``version``, ``from_stage``, ``to_stage``, ``previous``, ``reason``, ``override``,
        ``kind``, ``status``. A status other than ``done`` belongs to a process that died in the middle.
        """
        import pandas as pd

        columns = ["at", "by", "version", "from_stage", "to_stage", "previous", "reason", "override", "kind", "status"]
        rows = [asdict(entry) for entry in self._records.head(model_name).history]
        return pd.DataFrame(rows, columns=columns).astype({"previous": "Int64"})

    def get_production_version(self, model_name: str) -> int | None:
        """Return the number of the Production version, None where there is none. One request."""
        return self._records.head(model_name).aliases.get(Stage.PRODUCTION)

    def get_production_model(self, model_name: str) -> VersionInfo:
        """Return everything known of the Production version.

        Raises:
            UnknownModelError: There is none.
        """
        return self.get_model_info(model_name)

    def get_model_info(
        self, model_name: str, version: int | str | None = None, *, stage: str | Stage | None = None
    ) -> VersionInfo:
        """Return everything known of a version, or of who holds a stage (Production by default).

        Raises:
            UnknownModelError: There is no such version, or nobody holds the stage.
        """
        state = self._records.state(model_name)
        record = state.version(self._resolve(state, version, stage))
        run = self._runs([record.run_id]).get(record.run_id)
        return VersionInfo(
            model_name=model_name,
            version=record.version,
            stage=record.stage,
            run_id=record.run_id,
            model_uri=record.source,
            created=datetime.fromtimestamp(record.created / 1000, UTC),
            tags=record.tags,
            metrics=dict(run.data.metrics) if run else {},
            params=dict(run.data.params) if run else {},
            run_tags=dict(run.data.tags) if run else {},
        )

    def list_models(self) -> pd.DataFrame:
        """Return one row per version, by model: stage, market, gate verdict, when it was registered, its run."""
        import pandas as pd

        columns = ["model", "version", "stage", "market", "gate_verdict", "gate_failed", "created", "run_id"]
        rows = [
            (
                name,
                record.version,
                record.stage.value,
                record.tags.get("market"),
                record.tags.get("gate_verdict"),
                record.tags.get("gate_failed"),
                datetime.fromtimestamp(record.created / 1000, UTC).isoformat(timespec="seconds"),
                record.run_id,
            )
            for name in self._records.names()
            for record in self._records.state(name).versions.values()
        ]
        return pd.DataFrame(rows, columns=columns)

    def compare_models(
        self, model_name: str, versions: Sequence[int | str], metrics: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Put versions side by side.

        Args:
            model_name: The model.
            versions: Two or more versions.
            metrics: Metrics to compare; all that the versions share by default.

        Returns:
            One row per metric: a column ``v<number>`` per version, ``direction``, ``best`` (missing where the direction
            is not known or the best is shared) and, for two versions, ``change``: ``better``, ``worse``, ``same`` of
            the second against the first.

        Raises:
            TrackingError: Fewer than two versions, or none has one of the metrics asked for.
        """
        several = isinstance(versions, Iterable) and not isinstance(versions, str)
        numbers = list(dict.fromkeys(as_version(version) for version in versions)) if several else []
        if len(numbers) < 2:
            message = "Name two or more different versions to compare."
            raise TrackingError(message)
        state = self._records.state(model_name)
        run_ids = {number: state.version(number).run_id for number in numbers}
        runs = self._runs(run_ids.values())
        values = {
            f"v{number}": dict(runs[run_id].data.metrics) if run_id in runs else {}
            for number, run_id in run_ids.items()
        }
        shared = set.intersection(*(set(each) for each in values.values()))
        return side_by_side(values, as_names(metrics) if metrics else sorted(shared))

    def load_model(
        self, model_name: str, version: int | str | None = None, *, stage: str | Stage | None = None
    ) -> AnyModel:
        """Load a version, or who holds a stage (Production by default), as an MLflow pyfunc model.

        Raises:
            UnknownModelError: There is no such version, or nobody holds the stage.
        """
        mlflow = load_mlflow()
        state = self._records.state(model_name)
        number = self._resolve(state, version, stage)
        with store_errors(f"Loading {model_name} version {number}", self.store.uri), fluent_store(self.store.uri):
            return mlflow.pyfunc.load_model(state.version(number).source)

    # -- inner parts ----------------------------------------------------------------------------------------------

    def _resolve(self, state: ModelState, version: int | str | None, stage: str | Stage | None) -> int:
        if version is not None and stage is not None:
            message = f"Name a version or a stage of {state.name}, not both."
            raise UnknownModelError(message)
        if version is not None:
            return state.version(as_version(version)).version
        wanted = Stage.parse(stage or Stage.PRODUCTION)
        if wanted in (Stage.NONE, Stage.ARCHIVED):
            message = f"Many versions can be in stage {wanted}: name one by its number."
            raise UnknownModelError(message)
        holder = state.aliases.get(wanted)
        if holder is None:
            message = f"Model {state.name!r} has no version in {wanted}."
            raise UnknownModelError(message)
        return holder

    def _runs(self, run_ids: Iterable[str]) -> dict[str, Run]:
        """Read several runs at once; those that are gone are missing from the result."""
        mlflow = load_mlflow()
        found: dict[str, Run] = {}
        for run_id in {run_id for run_id in run_ids if run_id}:
            with store_errors(f"Reading run {run_id}", self.store.uri):
                try:
                    found[run_id] = self._records.client.get_run(run_id)
                except mlflow.exceptions.MlflowException as error:
                    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                        raise
        return found

    def _run_metrics(self, record: VersionState) -> dict[str, float]:
        """Metrics of the run of a version; none where it is gone, or was deleted because it should not count."""
        run = self._runs([record.run_id]).get(record.run_id)
        return dict(run.data.metrics) if run and run.info.lifecycle_stage == "active" else {}
