"""A team's server as documented: PostgreSQL, artifacts in an S3-compatible store, two users with permissions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import requests
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.commands import serve
from mlflow_integration.commands.deep_check import deep_checks
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.store.server import free_port
from nba_props.errors import TrackingError

pytestmark = [pytest.mark.stores, pytest.mark.server]
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "mlflow" / "serve.py"
FEATURES = pd.DataFrame({"a": [1.0, 2.0]})
WORDS = {"admin": "Admin-Secret-0017", "alice": "Alice-Secret-0017", "bob": "Bob-Secret-00017"}
S3 = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s3-Secret-0017", "AWS_DEFAULT_REGION": "us-east-1"}
mlflow = load_mlflow()


@pytest.fixture(scope="module")
def bucket():
    """An S3-compatible store on this machine, with one bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=S3["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=S3["AWS_SECRET_ACCESS_KEY"],
        region_name=S3["AWS_DEFAULT_REGION"],
    )
    client.create_bucket(Bucket="team")
    yield client, address
    server.stop()


class TeamServer:
    """`serve.py --team` as a process."""

    def __init__(self, folder: Path, uri: str, store: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.uri = uri
        self.log = folder / "server.log"
        (folder / "pyproject.toml").write_text('[project]\nname = "nba-props-mlflow"\n')
        environment = {**os.environ, **S3, "MLFLOW_S3_ENDPOINT_URL": store}
        environment |= {"MLFLOW_AUTH_ADMIN_PASSWORD": WORDS["admin"], "MLFLOW_TRACKING_URI": uri}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, SCRIPT, "--team", "--artifacts", "s3://team/runs", "--port", str(self.port)],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                if requests.get(f"{self.url}/health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        pytest.fail(self.log.read_text()[-3000:])

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=30)

    def ask(self, user: str, path: str, **content: str) -> None:
        """Call MLflow's interface of users and permissions."""
        answer = requests.post(f"{self.url}/api/{path}", json=content, auth=(user, WORDS[user]), timeout=30)
        assert answer.ok, answer.text


def sign_in(monkeypatch, user: str, word: str | None = None) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", word or WORDS[user])


@pytest.fixture(scope="module")
def team(tmp_path_factory, postgres, bucket):
    made = TeamServer(tmp_path_factory.mktemp("team"), postgres.new_database(), bucket[1])
    try:
        for name in ("alice", "bob"):
            made.ask("admin", "2.0/mlflow/users/create", username=name, password=WORDS[name])
        yield made
    finally:
        made.stop()


def run_of(url: str, experiment: str, **metrics: float) -> str:
    tracker = NBAPropsTracker(experiment, tracking_uri=url)
    with tracker.start_run("a run") as run:
        tracker.log_metrics(metrics or {"val_mae": 3.0})
        tracker.log_training_config({"of": experiment})
    return run.run_id


def keys(client, prefix: str = "") -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="team", Prefix=prefix).get("Contents", [])]


def test_two_users_in_two_folders_write_into_the_bucket_and_read_each_other(team, bucket, tmp_path, monkeypatch):
    runs = {}
    for user in ("alice", "bob"):
        (tmp_path / user).mkdir()
        monkeypatch.chdir(tmp_path / user)
        sign_in(monkeypatch, user)
        runs[user] = run_of(team.url, f"of {user}")
        assert [key for key in keys(bucket[0], "runs/") if runs[user] in key]
    client = mlflow.MlflowClient(team.url)  # bob's
    assert "of alice" in Path(client.download_artifacts(runs["alice"], "training_config.json")).read_text()
    assert [path for user in runs for path in (tmp_path / user).iterdir()] == []
    assert not (team.folder / "mlflow_artifacts").exists()
    assert not (team.folder / "mlruns").exists()


def test_a_model_is_logged_registered_promoted_and_loaded_through_the_server(team, bucket, monkeypatch):
    sign_in(monkeypatch, "alice")
    tracker = NBAPropsTracker("models of alice", tracking_uri=team.url)
    with tracker.start_run("model"):
        model = LinearRegression().fit(FEATURES, FEATURES["a"])
        tracker.log_model(model, input_example=FEATURES, registered_model_name="alices")
    registry = ModelRegistry(team.url)
    registry.promote_model("alices", 1, "Production", override=True, reason="test")
    sign_in(monkeypatch, "bob")
    assert ModelRegistry(team.url).load_model("alices").predict(FEATURES).tolist() == pytest.approx([1.0, 2.0])
    assert any(key.endswith("MLmodel") for key in keys(bucket[0]))


def test_who_may_not_write_is_told_so_and_what_to_do_without_the_password(team, monkeypatch):
    sign_in(monkeypatch, "alice")
    run_of(team.url, "alice alone")
    sign_in(monkeypatch, "bob")
    with pytest.raises(TrackingError) as caught:
        run_of(team.url, "alice alone")
    assert "user 'bob' has no permission for this" in str(caught.value)
    assert "can grant it" in str(caught.value)
    assert WORDS["bob"] not in str(caught.value)
    experiment = mlflow.MlflowClient(team.url).get_experiment_by_name("alice alone").experiment_id
    about = {"resource_type": "experiment", "resource_id": experiment, "permission": "EDIT"}
    team.ask("alice", "3.0/mlflow/users/permissions/grant", username="bob", **about)
    run_of(team.url, "alice alone")


def test_who_may_not_promote_is_told_so(team, monkeypatch):
    sign_in(monkeypatch, "alice")
    tracker = NBAPropsTracker("guarded", tracking_uri=team.url)
    with tracker.start_run("model"):
        model = LinearRegression().fit(FEATURES, FEATURES["a"])
        tracker.log_model(model, input_example=FEATURES, registered_model_name="guarded")
    sign_in(monkeypatch, "bob")
    with pytest.raises(TrackingError, match="user 'bob' has no permission"):
        ModelRegistry(team.url).promote_model("guarded", 1, "Production", override=True, reason="mine")
    assert ModelRegistry(team.url).get_production_version("guarded") is None


@pytest.mark.parametrize(("user", "said"), [("bob", "user 'bob' with that password"), ("", "anybody without a name")])
def test_a_wrong_password_and_none_are_told_apart_and_never_shown(user, said, team, monkeypatch):
    if user:
        sign_in(monkeypatch, user, "Wrong-Secret-0017")
    with pytest.raises(TrackingError, match=said) as caught:
        run_of(team.url, "nobody's")
    assert "Wrong-Secret-0017" not in str(caught.value)
    failed = [result.detail for result in deep_checks(team.url) if not result.passed]
    assert any(said in detail for detail in failed)
    assert "Wrong-Secret-0017" not in " ".join(failed)


def test_the_deep_check_passes_for_a_user_of_the_team(team, tmp_path, monkeypatch):
    monkeypatch.setattr("mlflow_integration.commands.deep_check.UI_PORT", free_port())
    sign_in(monkeypatch, "alice")
    run_of(team.url, "checked")
    assert [result for result in deep_checks(team.url) if not result.passed] == []


@pytest.mark.parametrize("key", ["artifact_location", "artifactLocation"])
@pytest.mark.parametrize("place", ["file:///srv/outside", "/srv/outside", "s3://other/x", "mlflow-artifacts:/1", "."])
def test_no_client_chooses_where_artifacts_go(place, key, team):
    for user in ("alice", "admin"):
        for api in ("api/2.0", "ajax-api/2.0"):
            address, content = f"{team.url}/{api}/mlflow/experiments/create", {"name": "x", key: place}
            answer = requests.post(address, json=content, auth=(user, WORDS[user]), timeout=30)
            assert answer.status_code == 400
            assert "this server decides where artifacts go" in answer.text
            assert not requests.post(f"{address}/", json=content, auth=(user, WORDS[user]), timeout=30).ok
    client = mlflow.MlflowClient(team.uri)
    assert client.get_experiment_by_name("x") is None


def test_no_version_is_made_of_files_elsewhere(team, monkeypatch):
    sign_in(monkeypatch, "alice")
    client = mlflow.MlflowClient(team.url, registry_uri=team.url)
    client.create_registered_model("elsewhere")
    for source in ("s3://other/model", "file:///etc", "/etc", "http://127.0.0.1:9/x", "mlflow-artifacts:/1/models"):
        with pytest.raises(mlflow.exceptions.MlflowException, match="refused|Invalid model version source|scheme"):
            client.create_model_version("elsewhere", source)
    tracker = NBAPropsTracker("own place", tracking_uri=team.url, artifact_location="s3://other/x")
    with pytest.raises(TrackingError, match="this server decides where artifacts go"):
        tracker.start_run("x")


def test_no_password_stands_in_an_argument_a_file_the_database_or_the_bucket(team, postgres, bucket, monkeypatch):
    sign_in(monkeypatch, "alice")
    tracker = NBAPropsTracker("secrets", tracking_uri=team.url)
    with tracker.start_run("x", tags={"note": f"password={WORDS['alice']}"}):
        tracker.log_training_config({"note": f"signed in with {WORDS['alice']}"})
    arguments = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    database = team.uri.rpartition("/")[2]
    dump = subprocess.run(
        [postgres.programs / "pg_dump", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "nba", database],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PGPASSWORD": postgres.password},
    ).stdout
    assert "signed in" not in dump
    stored = "".join(
        bucket[0].get_object(Bucket="team", Key=key)["Body"].read().decode("latin-1") for key in keys(bucket[0])
    )
    assert "signed in with ***" in stored
    files = "".join(path.read_text() for path in team.folder.iterdir() if path.is_file())
    assert "default_permission = READ" in files
    for secret in (*WORDS.values(), postgres.password, S3["AWS_SECRET_ACCESS_KEY"]):
        for where in (arguments, dump, stored, files):
            assert secret not in where


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tracking-uri", "x.db", "--artifacts", "/a"], "a team needs PostgreSQL"),
        (["--tracking-uri", "postgresql://h/d", "--artifacts", "runs"], "is not a place for artifacts"),
        (["--tracking-uri", "postgresql://h/d"], "is not a place for artifacts"),
        (["--tracking-uri", "postgresql://h/d", "--artifacts", "/a", "--permission", "all"], "is not a permission"),
    ],
)
def test_what_a_team_cannot_be_served_with_is_said(options, said, capsys):
    with pytest.raises(SystemExit) as caught:
        serve.app(["--team", *options])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_a_wrong_password_of_the_database_is_said_and_not_shown(postgres, capsys):
    uri = postgres.new_database().replace("nba:", "nba:Wrong-0017")
    with pytest.raises(SystemExit):
        serve.app(["--team", "--tracking-uri", uri, "--artifacts", "/a", "--port", str(free_port())])
    said = capsys.readouterr().err
    assert "password authentication failed" in said
    assert "Wrong-0017" not in said


def test_a_missing_password_of_the_administrator_is_said(tmp_path, postgres):
    uri = postgres.new_database()
    done = subprocess.run(
        [sys.executable, SCRIPT, "--team", "--tracking-uri", uri, "--artifacts", "/a", "--port", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "MLFLOW_AUTH_ADMIN_PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr
