"""Draw docs/MLFLOW_ARCHITECTURE.txt from the imports as they are.

uv run scripts/docs/architecture.py writes it; --check writes nothing, and exits 1 if it is stale.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Annotated, Final

import grimp
import typer

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "MLFLOW_ARCHITECTURE.txt"
PACKAGES: Final = ("models", "mlflow_integration", "nba_league", "nba_props")
WIDTH: Final = 98
HEAD: Final = """\
nba-props-mlflow: who imports whom

Each box is a package, each line of it a room and what the room imports: rooms of its own package first, then
those of other packages. Nothing imports upwards. Drawn from the imports by scripts/docs/architecture.py; a test
fails while it is stale. The folder of a room says what is in it (CONTRIBUTING.md has a sentence for each).

   box scores, lines, availability (CSV, JSON, Parquet)
        |
        v
   nba_props: data > features > forecast > probability > betting > evaluation      (knows nothing of MLflow)
        |
        v
   models: the trainer, recipes, studies, sweeps                                   (joins the two)
        |
        v
   mlflow_integration: tracker > registry > gates > stages > reports               (knows nothing of basketball)
        |
        v
   mlflow.db and mlflow_artifacts/, or a server                                    uv run mlflow ui
"""


def room_of(module: str) -> str:
    """The room a module lies in: its package and the first name below it."""
    return ".".join(module.split(".")[:2])


def rooms(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """Room -> rooms that its modules import, itself left out."""
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        own = found.setdefault(room_of(module), set())
        own |= {room_of(other) for other in graph.find_modules_directly_imported_by(module)} - {room_of(module)}
    return found


def drawing() -> str:
    """The whole page."""
    imports = rooms(grimp.build_graph(*PACKAGES))
    parts = [HEAD]
    for package in PACKAGES:
        inside = sorted(room for room in imports if room.startswith(f"{package}."))
        lines = [line for room in inside for line in _lines(package, room, imports[room])]
        edge = f"+{'-' * WIDTH}+"
        parts.append(
            "\n".join(
                [edge, f"| {package:<{WIDTH - 2}} |", edge, *(f"| {line:<{WIDTH - 2}} |" for line in lines), edge]
            )
        )
    return "\n".join(parts) + "\n"


def _lines(package: str, room: str, imported: set[str]) -> list[str]:
    """A room and what it imports, folded under itself."""
    own = sorted(name.removeprefix(f"{package}.") for name in imported if name.startswith(f"{package}."))
    others = sorted(name for name in imported if name.partition(".")[0] != package)
    name = f"{room.removeprefix(f'{package}.'):<20}"
    text = " -> " + ", ".join([*own, *others]) if imported else ""
    return wrap(name + text, WIDTH - 2, subsequent_indent=" " * 24, break_long_words=False)


def main(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the page is stale.")] = False,
) -> None:
    """Draw the architecture from the imports."""
    text = drawing()
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    if stale:
        typer.echo(f"{PAGE.name}: {'stale; run uv run scripts/docs/architecture.py' if check else 'written'}")
    if stale and not check:
        PAGE.write_text(text, encoding="utf-8")
    raise typer.Exit(1 if check and stale else 0)


if __name__ == "__main__":
    typer.run(main)
