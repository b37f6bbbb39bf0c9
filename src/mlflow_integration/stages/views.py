"""What a caller gets to see of a registered version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_integration.values.show import html_table
from nba_props.metrics import headline_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd

    from mlflow_integration.stages.rules import Stage


@dataclass(frozen=True)
class VersionInfo:
    """Everything known about one version.

    Attributes:
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
        """The version in a notebook: what it is and its headline metrics, the others folded."""
        frame, headline = self.frame(), headline_metrics()
        rest = frame["name"].isin(set(self.metrics) - set(headline))
        first = [
            *frame["name"][~frame["name"].isin(self.metrics)],
            *(name for name in headline if name in self.metrics),
        ]
        shown = html_table(frame.set_index("name").loc[first].reset_index())
        folded = f"<details><summary>{rest.sum()} more metrics</summary>{html_table(frame[rest])}</details>"
        return f"{shown}{folded}" if rest.any() else shown
