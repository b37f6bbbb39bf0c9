"""Whoever looks up a function that computes a number sees it compute one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"

ROOMS_OF_NUMBERS = ("metrics", "betting", "probability", "evaluation")
"""Rooms of nba_props whose every public function is held to it; elsewhere those that a package exports."""

NUMBERS = re.compile(r"\b(float|int|Floats|Ints|Rows|Interval|Series|DataFrame|ndarray|NDArray)\b")

NEEDS_A_STORE = "reads or writes a tracking store"
NEEDS_FILES = "reads files"
CHECKS_ONLY = "checks or carries values, computes none"
NO_NUMBER = "returns a table without a number of its own"

WITHOUT_EXAMPLE = {
    **dict.fromkeys(
        ("best_with_trials", "cleanup_failed_runs", "compare_phases", "compare_runs", "export_runs", "get_best_model",
         "get_best_runs", "get_week_plan", "get_weekly_summary", "list_runs", "search_runs", "setup_experiments",
         "storage_report"),
        NEEDS_A_STORE,
    ),
    **dict.fromkeys(("load_game_logs", "load_odds", "load_season_stats", "read_game_logs"), NEEDS_FILES),
    **dict.fromkeys(("no_fixtures", "no_odds", "nobody_waiting"), NO_NUMBER),
    **dict.fromkeys(("as_numbers", "real_number", "utc_times", "line_quotes", "with_closes"), CHECKS_ONLY),
    "cached_features": "`build_features`, which has one, through a folder",
    "metrics_before": "needs an evaluated market",
    "extra_metrics": "a metric that the example adds would be known to every test after it",
    "scale_scores": "needs the distributions of a walk-forward",
    "superior_ability": "imports arch, which takes seconds",
}  # fmt: skip
"""Function -> why its docstring has no example."""


def functions(path: Path) -> list[ast.FunctionDef]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [node for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


def exports() -> set[tuple[str, str]]:
    """(module, name) of what the `__init__` of a package, or a façade, takes from its modules."""
    found = set()
    fronts = [*SRC.rglob("__init__.py"), *SRC.rglob("__init__.pyi"), SRC / "mlflow_integration" / "utils.py"]
    for front in fronts:
        package = ".".join(front.relative_to(SRC).parent.parts)
        for node in ast.parse(front.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                module = f"{package}.{node.module}" if node.level else str(node.module)
                found |= {(module, alias.name) for alias in node.names}
    return found


def computing() -> dict[str, ast.FunctionDef]:
    exported = exports()
    found = {}
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        module = ".".join(parts)
        room = parts[0] == "nba_props" and parts[1] in ROOMS_OF_NUMBERS
        for node in functions(path):
            if (room or (module, node.name) in exported) and NUMBERS.search(ast.unparse(node.returns or ast.Pass())):
                found[f"{module}.{node.name}"] = node
    return found


COMPUTING = computing()


def has_example(node: ast.FunctionDef) -> bool:
    return ">>>" in (ast.get_docstring(node) or "")


def test_most_functions_are_looked_at():
    assert len(COMPUTING) > 100


def test_every_public_function_that_computes_a_number_shows_an_example():
    lacking = [name for name, node in COMPUTING.items() if not has_example(node)]
    assert [name for name in lacking if name.rpartition(".")[2] not in WITHOUT_EXAMPLE] == []


def test_an_exception_is_a_function_that_really_has_no_example():
    lacking = {name.rpartition(".")[2] for name, node in COMPUTING.items() if not has_example(node)}
    assert set(WITHOUT_EXAMPLE) <= lacking
