"""What can be read from the registry: versions, stages, history, and the models themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlflow_integration.stages.outside import how, standing
from mlflow_integration.store.model_files import load_checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mlflow_integration.stages.records import RegistryStore
    from mlflow_integration.stages.rules import Stage
    from mlflow_integration.values.types import AnyModel


@dataclass(frozen=True)
class VersionInfo:
    """Everything known about one version.

    Attributes:
        model_name: The model.
        version: The version.
        stage: Its stage.
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

    def frame(self) -> pd.DataFrame:
        """What it is and its metrics, one row each: ``name``, ``value``."""
        import pandas as pd

        about = {"model": self.model_name, "version": self.version, "stage": str(self.stage), "run": self.run_id}
        about["registered"] = self.created.isoformat(timespec="seconds")
        verdict = {
            name: self.tags[name] for name in ("gate_profile", "gate_verdict", "gate_failed") if name in self.tags
        }
        rows = {**about, **verdict, **dict(sorted(self.metrics.items()))}
        return pd.DataFrame({"name": list(rows), "value": list(rows.values())})

    def _repr_html_(self) -> str:
        """The version in a notebook."""
        return str(self.frame().to_html(index=False))


class RegistryViews:
    """The readings of the registry; arguments and errors as in `ModelRegistry`.

    Args:
        records: Reads of the registry.
    """

    def __init__(self, records: RegistryStore) -> None:
        self._records = records

    def history(self, name: str) -> pd.DataFrame:
        """Return all transitions of a model, oldest first."""
        import pandas as pd

        columns = ["at", "by", "version", "from_stage", "to_stage", "previous", "reason", "override", "kind", "status"]
        rows = [asdict(entry) for entry in self._records.head(name).history]
        return pd.DataFrame(rows, columns=columns).astype({"previous": "Int64"})

    def info(self, name: str, version: int | str | None, stage: str | Stage | None) -> VersionInfo:
        """Return everything known about a version, or about the holder of a stage."""
        record = self._records.state(name).find(version, stage)
        run = self._records.runs([record.run_id]).get(record.run_id)
        return VersionInfo(
            model_name=name,
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

    def all_versions(self) -> pd.DataFrame:
        """Return one row per version of every model."""
        import pandas as pd

        tags = ["market", "gate_verdict", "gate_failed", "gate_profile", "staging_verdict"]
        rows = []
        for name in self._records.names():
            state = self._records.state(name)
            history = state.history
            for record in state.versions.values():
                row: dict[str, object] = {"model": name, "version": record.version, "stage": record.stage.value}
                row |= {tag: record.tags.get(tag) for tag in tags}
                row["how"] = how(standing(history, record.version, record.stage))
                row["created"] = datetime.fromtimestamp(record.created / 1000, UTC).isoformat(timespec="seconds")
                rows.append({**row, "run_id": record.run_id})
        return pd.DataFrame(rows, columns=["model", "version", "stage", *tags, "how", "created", "run_id"])

    def metrics(self, name: str, versions: Sequence[int]) -> dict[str, dict[str, float]]:
        """Return ``v<number>`` to the metrics of that version's run; none where the run is gone."""
        state = self._records.state(name)
        run_ids = {f"v{number}": state.version(number).run_id for number in versions}
        runs = self._records.runs(run_ids.values())
        return {key: dict(runs[run_id].data.metrics) if run_id in runs else {} for key, run_id in run_ids.items()}

    def load(
        self, name: str, version: int | str | None, stage: str | Stage | None, *, allow_code: bool = False
    ) -> AnyModel:
        """Load a version, or the holder of a stage, as an MLflow pyfunc model."""
        record = self._records.state(name).find(version, stage)
        what = f"{name} version {record.version}"
        return load_checked(self._records.uri, what, record.source, record.tags, allow_code=allow_code)
