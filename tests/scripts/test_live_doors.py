"""The scripts of the live loop, and the one that verifies runs, are doors to commands installed under their names."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
DOORS = ("predict_props", "settle_props", "monitor", "replay_season", "verify_run")


@pytest.mark.parametrize("name", DOORS)
def test_each_door_is_installed_and_explains_itself(name):
    text = (ROOT / "scripts" / "mlflow" / f"{name}.py").read_text(encoding="utf-8")
    assert f"from models.commands.{name} import app, main" in text
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert points[f"{name}.py"] == f"models.commands.{name}:main"
    module = importlib.import_module(f"models.commands.{name}")
    shown = CliRunner().invoke(module.app, ["--help"], terminal_width=200)
    assert shown.exit_code == 0
    assert "Exit codes" in shown.stdout


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("predict_props", ["--date", "tomorrow"], "give a day as 2025-01-14"),
        ("predict_props", ["--date", "2025-01-14", "--at", "soon"], "give a time in UTC"),
        ("predict_props", ["--date", "2025-01-14", "--stage", "Archived"], "Archived"),
        ("predict_props", ["--date", "2025-01-14", "--market", "dunks"], "dunks"),
        (
            "predict_props",
            ["--date", "2025-01-14", "--odds", "lines"],
            "--availability and --fixtures need --data",
        ),
        ("predict_props", ["--date", "2025-01-14", "--fixtures", "tips.csv"], "need --data"),
        ("settle_props", ["--fixtures", "tips.csv"], "need --data"),
        ("replay_season", ["--from", "2025-01-14", "--to", "2025-02-14", "--fixtures", "tips.csv"], "need --data"),
        ("monitor", [], "There is no store"),
        ("replay_season", ["--from", "2025-01-14", "--to", "never"], "give a day as 2025-01-14"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(name, arguments, said, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(importlib.import_module(f"models.commands.{name}").app, arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert not (tmp_path / "cards").exists()
