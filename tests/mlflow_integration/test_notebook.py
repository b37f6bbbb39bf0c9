"""The notebook of the documentation runs from top to bottom, and ends where it says."""

from __future__ import annotations

import json
from pathlib import Path

from mlflow_integration import ModelRegistry, utils

from .notebook_runner import run_notebook

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "registry_session.ipynb"


def test_a_new_users_session_runs_and_leaves_the_first_version_in_production(uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    shown = [text for _, text in run_notebook(NOTEBOOK)]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "roi is missing" in "".join(shown)
    registry = ModelRegistry(uri)
    assert registry.get_production_version("DiabetesModel") == 1
    assert len(registry.transition_history("DiabetesModel")) == 5
    assert sorted(utils.search_runs(tracking_uri=uri)["run_name"]) == ["forest", "linear"]
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_the_notebook_is_stored_with_what_its_cells_show():
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    texts = ["".join(line for output in cell["outputs"] for line in output["text"]) for cell in cells]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert "Production - pass: all 1 gates of profile custom" in "".join(texts)
    assert str(Path.home()) not in "".join(texts), "no path of the machine it was run on"
