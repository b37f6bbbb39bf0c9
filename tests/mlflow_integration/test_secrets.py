"""What is a secret stands nowhere: not in the store, the artifacts, the exports or the output."""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.commands import compare_experiments
from mlflow_integration.logging.items import Document
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import load_mlflow, resolve_store
from mlflow_integration.utils import export_runs, generate_report
from mlflow_integration.values.convert import as_text, to_json
from mlflow_integration.values.secrets import is_secret, mask_secrets
from nba_props.errors import TrackingError

SECRETS = {
    "MLFLOW_TRACKING_PASSWORD": "corr3ct horse/battery@staple",
    "ODDS_API_KEY": "7f3e9b1c55aa",
    "GITHUB_TOKEN": "ghp_Zx81kQe77",
    "BACKUP_URI": "postgresql://me:p@ss/w0:rd@db.example/mlflow",
}
VALUES = [*list(SECRETS.values())[:3], "p@ss/w0:rd"]


@pytest.fixture
def secrets(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return VALUES


def leaks(folder: Path, values: list[str]) -> list[str]:
    return [
        f"{value} in {path.name}"
        for path in folder.rglob("*")
        if path.is_file()
        for value in values
        if value.encode() in path.read_bytes()
    ]


def test_no_secret_stands_in_the_store_the_artifacts_the_exports_or_the_output(uri, tmp_path, secrets, capsys):
    tracker = NBAPropsTracker("secrets", tracking_uri=uri)
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "env.txt").write_text(
        "".join(f"{name}={value}\n" for name, value in SECRETS.items()) + "MY_TOKEN=other99\n"
    )
    everything = " and ".join(secrets)
    kept = tmp_path / "kept"
    with pytest.raises(TrackingError), tracker.start_run(f"run {secrets[1]}", tags={"note": everything}) as run:
        tracker.log_params({"nested": [{"deep": {"uri": SECRETS["BACKUP_URI"], "seen": secrets}}], "text": everything})
        tracker.log_artifacts(dump)
        tracker.log_items([Document("env.json", {"environ": dict(SECRETS), "list": [everything]})])
        tracker.log_items([Document("env.md", everything)])
        tracker.log_predictions(pd.DataFrame({"player": secrets, "password": ["hunter2"] * 4, "n": range(4)}))
        with store_errors("x"):
            raise load_mlflow().exceptions.MlflowException("cannot use " + everything)
    for ending in ("csv", "json", "parquet"):
        export_runs(kept / f"x.{ending}", tracking_uri=uri)
    (kept / "x.md").write_text(generate_report(tracking_uri=uri))
    for command in (["compare"], ["compare", run.run_id], ["cleanup"], ["cleanup", "--json"], ["compare", "--json"]):
        compare_experiments.app([*command, "--tracking-uri", uri], standalone_mode=False)
    out, err = capsys.readouterr()
    assert leaks(tmp_path / "store", [*secrets, "hunter2", "other99"]) == []
    assert leaks(kept, secrets) == []
    assert not [value for value in secrets if value in out + err]
    assert "***" in tracker.client.get_run(run.run_id).data.tags["failure_reason"]


def test_a_secret_that_plain_mlflow_has_stored_is_masked_when_it_is_exported(uri, tmp_path, secrets, capsys):
    tracker = NBAPropsTracker("secrets", tracking_uri=uri)
    with tracker.start_run("plain") as run:
        tracker.client.log_param(run.run_id, "db_password", "open sesame")
        tracker.client.log_param(run.run_id, "text", secrets[0])
    export_runs(tmp_path / "kept" / "x.csv", tracking_uri=uri)
    export_runs(tmp_path / "kept" / "x.json", tracking_uri=uri)
    assert leaks(tmp_path / "kept", [*secrets, "open sesame"]) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("postgresql://u:p@ss/w:rd@h:5432/db", "ss/w:rd"),
        ("https://ghp_0123456789abcdef@github.com/x", "ghp_0123456789abcdef"),
        ("password hunter2", "hunter2"),
        ("the password is hunter2", "hunter2"),
        ("GET /v4?regions=us&key=abcdef12", "abcdef12"),
        ("api_key='a b c'", "a b c"),
        ("{'MLFLOW_TRACKING_PASSWORD': 'x y'}", "x y"),
        ("Authorization: Bearer abc.def-123456", "abc.def-123456"),
        ("ODDS_API_KEY=abc", "abc"),
    ],
)
def test_what_has_the_form_of_a_secret_is_masked(text, gone):
    masked = mask_secrets(text)
    assert gone not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        "password authentication failed for user me",
        "models:/NBAProps_pra@Production",
        "http://127.0.0.1:5000/#/experiments/1",
        "sorted by key = value, tokens are words",
        "keyed by player_id",
        "the basic features",
        "a token of thanks",
    ],
)
def test_words_that_only_sound_like_it_stay(text):
    assert mask_secrets(text) == text


def test_no_message_of_ours_looks_like_a_secret():
    source = Path(__file__).resolve().parents[2] / "src"
    texts = [
        "".join(part.value if isinstance(part, ast.Constant) else "something" for part in node.values)
        if isinstance(node, ast.JoinedStr)
        else node.value
        for path in source.rglob("*.py")
        if path.name != "secrets.py"
        for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(statement, ast.Assign | ast.Call | ast.Raise | ast.Return)
        for node in ast.walk(statement)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    ]
    assert len(texts) > 1000
    assert [text for text in texts if mask_secrets(text) != text] == []


@pytest.mark.parametrize(
    "key", ["password", "db.password", "apiKey", "API_KEY", "odds_api_key", "dbPassword", "token_2"]
)
def test_the_names_of_secrets_are_known(key):
    assert is_secret(key)


@pytest.mark.parametrize("key", ["n_tokens", "key", "monkey", "passes", "secretary", "max_depth"])
def test_other_names_are_not_taken_for_secrets(key):
    assert not is_secret(key)


def test_secrets_of_nested_values_are_masked_by_the_name_of_their_key():
    value = [{"a": {"apiKey": "x1"}, "b": ("y", {"password": 7})}]
    assert as_text(value) == '[{"a": {"apiKey": "***"}, "b": ["y", {"password": "***"}]}]'
    assert "x1" not in to_json(value)


def test_the_password_of_a_store_that_was_named_is_known_from_then_on():
    resolve_store("postgresql://me:tell/nobody@db.example/mlflow")
    assert mask_secrets("it was tell/nobody, encoded tell%2Fnobody") == "it was ***, encoded ***"
