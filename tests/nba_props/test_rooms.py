"""A reader finds a file by its name: modules stay short, and no room is crowded."""

from __future__ import annotations

from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"
MODULES = sorted(SRC.rglob("*.py"))


def test_no_module_is_longer_than_400_lines():
    lines = {str(file.relative_to(SRC)): len(file.read_text(encoding="utf-8").splitlines()) for file in MODULES}
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_no_folder_of_the_wrapper_or_the_models_holds_more_than_15_modules():
    rooms = [file.parent for file in MODULES if file.relative_to(SRC).parts[0] in ("mlflow_integration", "models")]
    assert {str(room.relative_to(SRC)): rooms.count(room) for room in set(rooms) if rooms.count(room) > 15} == {}
