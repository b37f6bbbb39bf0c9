"""Links into MLflow's pages; its pages open in the mode for language models unless a link says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL: Final = "http://127.0.0.1:5000"
"""Where `mlflow ui` answers by default."""


def run_list_link(experiment_id: str, markets: Sequence[str] = (), *, uri: str = "") -> str:
    """Link to the runs of an experiment in machine-learning mode, best out-of-sample error first.

    >>> address, _, asked = run_list_link("1", ["pra"]).partition("?")
    >>> address
    'http://127.0.0.1:5000/#/experiments/1/runs'
    >>> asked.split("&")[:2]
    ['workflowType=machine_learning', "searchFilter=tags.market+%3D+'pra'"]

    Args:
        experiment_id: The experiment.
        markets: Only runs of these markets; all where there are none.
        uri: Tracking URI; that of a server is where its pages are.
    """
    listed = ", ".join(f"'{market}'" for market in markets)
    wanted = f"tags.market = {listed}" if len(markets) == 1 else f"tags.market IN ({listed})" if markets else ""
    query = {
        "workflowType": "machine_learning",
        **({"searchFilter": wanted} if wanted else {}),
        "orderByKey": "metrics.`val_mae`",
        "orderByAsc": "true",
    }
    base = uri.rstrip("/") if uri.startswith(("http://", "https://")) else LOCAL
    asked = urlencode(query, safe="'")
    return f"{base}/#/experiments/{experiment_id}/runs?{asked}"
