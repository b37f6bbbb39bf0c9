"""Links into MLflow's pages; its pages open in the mode for language models unless a link says otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mlflow_integration.store.errors import store_errors
from nba_props.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.tracking import MlflowClient

LOCAL: Final = "http://127.0.0.1:5000"
"""Where `mlflow ui` answers by default."""

COLUMNS: Final = (
    "metrics.`val_mae`",
    "metrics.`mae_skill`",
    "metrics.`brier_skill_vs_market`",
    "metrics.`roi`",
    "metrics.`n_bets`",
    "tags.`data_kind`",
)
"""Columns of the run list, as MLflow's pages name them. Names of runs are cut off there before they say SIMULATED."""

VIEW_TAG: Final = "mlflow.sharedViewState."
"""How the tags of an experiment begin in which MLflow's pages keep a shared view; the key of the view follows."""


_PLAIN: Final = "Model metrics"
"""MLflow's name of the group of charts whose metrics have no ``/`` in their names; it comes last."""


def run_list_view(market: str = "") -> dict[str, Any]:
    """The run list as MLflow's pages keep a shared view: best out-of-sample error first, the columns that tell most.

    Its charts begin with the histories and end with the headline metrics; the groups between them are folded. It shows
    one market or all, since MLflow's search knows no ``IN`` for tags.
    """
    return {
        "searchFilter": f"tags.market = '{market}'" if market else "",
        "orderByKey": "metrics.`val_mae`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(COLUMNS),
        "compareRunCharts": [],  # MLflow adds a chart for each metric, and each group that is not named below
        "compareRunSections": [*map(_section, _folded()), _section(_PLAIN, unfolded=True)],
    }


def _folded() -> list[str]:
    """Groups of charts with one bar per run and metric; the names of those with histories begin with a digit."""
    folders = {metric.folder for _, metric in METRICS.items()} - {""}
    return sorted(folder for folder in folders if not folder[0].isdigit())


def _section(name: str, *, unfolded: bool = False) -> dict[str, Any]:
    return {"uuid": f"group-{name}", "name": name, "display": unfolded, "isReordered": False, "isGenerated": True}


def run_list_link(experiment_id: str, market: str = "", *, uri: str = "") -> str:
    """Link to the runs of an experiment, or of one market, on the server or at the UI's usual address.

    `share_run_list` says what it shows.

    >>> run_list_link("1", "pra")
    'http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=pra'
    """
    query = {"workflowType": "machine_learning", "viewStateShareKey": market or "all"}
    base = uri.rstrip("/") if uri.startswith(("http://", "https://")) else LOCAL
    return f"{base}/#/experiments/{experiment_id}/runs?{urlencode(query)}"


def share_run_list(client: MlflowClient, experiment_id: str, markets: Sequence[str] = (), *, uri: str = "") -> str:
    """Keep the view that the link opens with the experiment, and return the link.

    With one market the view is filtered to it; with several or none it shows all runs.
    """
    market = markets[0] if len(markets) == 1 else ""
    with store_errors("Keeping the view of the runs", uri):
        client.set_experiment_tag(experiment_id, f"{VIEW_TAG}{market or 'all'}", json.dumps(run_list_view(market)))
    return run_list_link(experiment_id, market, uri=uri)
