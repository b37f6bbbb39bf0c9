"""The pages that people follow step by step work as they stand: every block is run, in order, in a store of its own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALLED = ("pip install uv", "uv sync")
"""What made the environment that the tests run in."""


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and content of every block of a page."""
    return BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def command_of(line: str) -> list[str]:
    """The command of a line, in this environment instead of through uv."""
    words = shlex.split(line, comments=True)
    assert words[:2] == ["uv", "run"], f"only uv run is understood: {line}"
    if words[2] == "mlflow":
        return [sys.executable, "-m", "mlflow", *words[3:], "--help"]  # the server itself would stay
    return [sys.executable, str(ROOT / words[2]), *words[3:]]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["MLFLOW_QUICKSTART.md", "trainer.md"])
def test_every_block_of_the_page_works(page, tmp_path):
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    found = blocks(page)
    assert {language for language, _ in found} <= {"bash", "python"}
    code = "\n".join(content for language, content in found if language == "python")
    lines = [line for language, content in found if language == "bash" for line in content.splitlines()]
    commands = [command_of(line) for line in lines if line.strip() and line not in INSTALLED]
    for command in [*commands, [sys.executable, "-c", code]]:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    left = {path.name for path in tmp_path.iterdir()} - {
        "mlflow.db",
        "mlflow_artifacts",
        "models",
        "report.html",
        ".cache",
    }
    assert not left, "nothing else is left in the folder"


def test_the_drawing_of_the_architecture_is_that_of_the_imports():
    command = [sys.executable, str(ROOT / "scripts" / "docs" / "architecture.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_four_documents_of_the_plan_are_there_by_name():
    names = ("INFRASTRUCTURE_GUIDE.md", "QUICKSTART.md", "SETUP_COMPLETE.md", "ARCHITECTURE.txt")
    assert all((ROOT / "docs" / f"MLFLOW_{name}").is_file() for name in names)
