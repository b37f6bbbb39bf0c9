"""Runs a notebook's code cells in order, as a kernel would: one namespace, the last expression shown.

    uv run python tests/mlflow_integration/notebook_runner.py docs/notebooks/registry_session.ipynb

runs it on a temporary store and writes what the cells show into the notebook.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def run_cell(source: str, namespace: dict[str, Any]) -> str:
    """Run one cell; return what it prints and shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(tree, "<cell>", "exec"), namespace)  # noqa: S102 - the project's own notebook
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)  # noqa: S307 - as above
            if value is not None:
                print(value)
    return shown.getvalue()


def run_notebook(path: Path) -> list[tuple[str, str]]:
    """Return source and output of every code cell."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [(source, run_cell(source, namespace)) for source in sources]


def write_outputs(path: Path) -> None:
    """Run the notebook and store what its cells show."""
    book = json.loads(path.read_text(encoding="utf-8"))
    shown = iter(run_notebook(path))
    for number, cell in enumerate((cell for cell in book["cells"] if cell["cell_type"] == "code"), start=1):
        _, text = next(shown)
        cell["execution_count"] = number
        output = {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}
        cell["outputs"] = [output] if text else []
    path.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        write_outputs(Path(sys.argv[1]).resolve())
