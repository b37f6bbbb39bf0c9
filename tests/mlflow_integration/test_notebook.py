"""The notebook of the documentation runs from top to bottom in a kernel of its own, and ends where it says.

    uv run python tests/mlflow_integration/test_notebook.py

runs it on a temporary store and writes what the cells show into the notebook.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from mlflow_integration import ModelRegistry, utils

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "registry_session.ipynb"


def run_notebook(folder):
    """The notebook as it is after all its cells have run in `folder`."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return book


def shown(book):
    """What the code cells show, as text."""
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def test_a_new_users_session_runs_and_leaves_the_first_version_in_production(uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    book = run_notebook(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "roi is missing" in shown(book)
    assert not [output for cell in book.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    registry = ModelRegistry(uri)
    assert registry.get_production_version("DiabetesModel") == 1
    assert len(registry.transition_history("DiabetesModel")) == 5
    assert sorted(utils.search_runs(tracking_uri=uri)["run_name"]) == ["forest", "linear"]
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_the_notebook_is_stored_with_what_its_cells_show():
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "Production - pass: all 1 gates of profile custom" in shown(book)
    assert str(Path.home()) not in NOTEBOOK.read_text(encoding="utf-8"), "no path of the machine it was run on"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{scratch}/mlflow.db"
        filled = run_notebook(scratch)
    for number, cell in enumerate(filled.cells):
        cell.id = f"cell-{number}"  # the same at every run
        cell.metadata.pop("execution", None)
    filled.metadata = {"kernelspec": filled.metadata["kernelspec"], "language_info": {"name": "python"}}
    nbformat.write(filled, NOTEBOOK)
    print(shown(filled))
