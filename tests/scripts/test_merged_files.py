"""No file holds both sides of a merge."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "scripts", "src", "tests")
TEXT = {".md", ".txt", ".py", ".pyi", ".toml", ".yaml", ".yml", ".j2", ".ipynb"}
MARKS = ("<" * 7 + " ", ">" * 7 + " ")


def test_no_file_holds_the_marks_of_a_conflict():
    """The changelog did: what is not code is read by no other check."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    texts = [path for path in files if path.suffix in TEXT]
    assert ROOT / "CHANGELOG.md" in texts
    marked = [path for path in texts if any(line.startswith(MARKS) for line in path.read_text("utf-8").splitlines())]
    assert marked == []
