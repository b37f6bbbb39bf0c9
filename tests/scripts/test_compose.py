"""The compose file says what `serve.py` understands, and holds no password."""

from __future__ import annotations

import re
from pathlib import Path

import typer
import yaml

from mlflow_integration.commands import serve

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def services() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


def test_the_command_of_the_server_has_options_that_serve_knows():
    command = services()["server"]["command"]
    assert command[:2] == ["python", "scripts/mlflow/serve.py"]
    known = {name for each in typer.main.get_command(serve.app).params for name in each.opts}
    assert {option.partition("=")[0] for option in command[2:]} <= known
    assert "--team" in command


def test_every_password_comes_from_the_environment_file_that_is_not_committed():
    text = (DEPLOY / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+)", text))
    offered = dict(line.split("=", 1) for line in (DEPLOY / "env.example").read_text().splitlines() if "=" in line)
    assert asked == set(offered)
    assert [name for name, value in offered.items() if value] == ["SERVER_NAME"]
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", name):
                assert str(value).startswith("${"), name
    assert ".env\n" in (DEPLOY.parent / ".gitignore").read_text()


def test_only_the_server_is_reached_from_outside_and_on_this_machine_alone():
    assert [(name, each["ports"]) for name, each in services().items() if "ports" in each] == [
        ("server", ["127.0.0.1:5000:5000"])
    ]
