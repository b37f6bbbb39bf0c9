"""`RegistryReader`: what can be read of registered models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlflow_integration.reading.comparison import side_by_side
from mlflow_integration.stages.outside import how, standing
from mlflow_integration.stages.records import RegistryStore
from mlflow_integration.stages.rules import Stage
from mlflow_integration.stages.views import VersionInfo
from mlflow_integration.store.location import resolve_store
from mlflow_integration.store.model_files import load_checked
from mlflow_integration.values.arguments import as_names, as_version
from nba_props.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from mlflow.tracking import MlflowClient

    from mlflow_integration.values.types import AnyModel


class RegistryReader:
    """Reads registered models of one store; nothing is opened before the first call."""

    def __init__(self, tracking_uri: str | Path | None = None) -> None:
        self.store = resolve_store(tracking_uri)
        self._records = RegistryStore(self.store)

    @property
    def client(self) -> MlflowClient:
        """Plain MLflow client of the store."""
        return self._records.client

    def transition_history(self, model_name: str) -> pd.DataFrame:
        """Return who moved which version when, from where to where and why, oldest first.

        Columns ``at``, ``by``, ``version``, ``from_stage``, ``to_stage``, ``previous``, ``reason``, ``override``,
        ``kind``, ``status``. An alias that was moved by hand or by another client has an entry of kind ``moved
        outside``, of status ``found`` until a command records it; ``pending`` and ``abandoned`` belong to processes
        that died in the middle.
        """
        import pandas as pd

        columns = ["at", "by", "version", "from_stage", "to_stage", "previous", "reason", "override", "kind", "status"]
        rows = [asdict(entry) for entry in self._records.head(model_name).history]
        return pd.DataFrame(rows, columns=columns).astype({"previous": "Int64"})

    def get_production_version(self, model_name: str) -> int | None:
        """Return the number of the Production version, None where there is none. One request."""
        return self._records.head(model_name).aliases.get(Stage.PRODUCTION)

    def get_production_model(self, model_name: str) -> VersionInfo:
        """Return everything known about the Production version.

        Raises:
            UnknownModelError: There is none.
        """
        return self.get_model_info(model_name)

    def get_model_info(
        self, model_name: str, version: int | str | None = None, *, stage: str | Stage | None = None
    ) -> VersionInfo:
        """Return everything known about a version, or about the holder of a stage (Production by default).

        Raises:
            UnknownModelError: There is no such version, or none holds the stage.
        """
        record = self._records.state(model_name).find(version, stage)
        run = self._records.runs([record.run_id]).get(record.run_id)
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
        """Return one row per version, by model: stage and how it got there, market, verdicts, when registered, run."""
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
        run_ids = {f"v{number}": state.version(number).run_id for number in numbers}
        runs = self._records.runs(run_ids.values())
        values = {key: dict(runs[run_id].data.metrics) if run_id in runs else {} for key, run_id in run_ids.items()}
        shared = set.intersection(*map(set, values.values()))
        return side_by_side(values, as_names(metrics) if metrics else sorted(shared))

    def load_model(
        self,
        model_name: str,
        version: int | str | None = None,
        *,
        stage: str | Stage | None = None,
        allow_code: bool = False,
    ) -> AnyModel:
        """Load a version, or the holder of a stage (Production by default), as an MLflow pyfunc model.

        Its files are checked first. `allow_code` loads one that runs code although nobody has allowed that before.

        Raises:
            UnknownModelError: There is no such version, or none holds the stage.
            ModelFilesError: Its files were changed, or run code that nobody allowed.
        """
        record = self._records.state(model_name).find(version, stage)
        what = f"{model_name} version {record.version}"
        return load_checked(self._records.uri, what, record.source, record.tags, allow_code=allow_code)
