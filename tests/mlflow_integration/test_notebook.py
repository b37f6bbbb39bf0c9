"""The notebooks of the documentation run from top to bottom in kernels of their own, and leave no store behind.

    uv run python tests/mlflow_integration/test_notebook.py

runs them on temporary stores and writes what the cells show into them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mlflow_integration import ModelRegistry, utils

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SESSION = FOLDER / "registry_session.ipynb"
SAYS = {
    "own_feature_and_model": "mae_difference",
    "reading_a_gate_report": "insufficient evidence",
    "registry_session": "Production - pass: all 2 gates of profile custom",
    "tonights_card": "shadow_card_2024-01-10",
    "tracker_in_ten_lines": "LinearRegression",
    "week_of_experiments": "Does the linear model beat the naive forecasts?",
}


def run_notebook(notebook, folder):
    """The notebook as it is after all its cells have run in `folder`."""
    book = nbformat.read(notebook, as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return book


def shown(book):
    """What the code cells show, as text."""
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.slow
def test_a_new_users_session_runs_and_leaves_the_first_version_in_production(uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    book = run_notebook(SESSION, tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "roi is missing" in shown(book)
    assert not [output for cell in book.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    registry = ModelRegistry(uri)
    assert registry.get_production_version("DiabetesModel") == 1
    assert len(registry.transition_history("DiabetesModel")) == 5
    assert sorted(utils.search_runs(tracking_uri=uri)["run_name"]) == ["forest", "linear"]
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", [path for path in NOTEBOOKS if path != SESSION], ids=lambda path: path.stem)
def test_a_notebook_runs_and_leaves_nothing_in_the_folder_it_runs_in(notebook, tmp_path):
    assert SAYS[notebook.stem] in shown(run_notebook(notebook, tmp_path))
    assert not list(tmp_path.iterdir()), "not even a store"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_what_its_cells_show(notebook):
    book = nbformat.read(notebook, as_version=4)
    nbformat.validate(book)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert SAYS[notebook.stem] in shown(book)
    assert str(Path.home()) not in notebook.read_text(encoding="utf-8"), "no path of the machine it was run on"


if __name__ == "__main__":
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    for path in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as scratch:
            filled = run_notebook(path, scratch)
        for number, cell in enumerate(filled.cells):
            cell.id = f"cell-{number}"  # the same at every run
            cell.metadata.pop("execution", None)
        filled.metadata = {"kernelspec": filled.metadata["kernelspec"], "language_info": {"name": "python"}}
        nbformat.write(filled, path)
        print(shown(filled))
