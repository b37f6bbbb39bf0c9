"""A server that does not let somebody in is said in words."""

from __future__ import annotations

import pytest

from mlflow_integration.serving.app import refused_source
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import load_mlflow
from mlflow_integration.values.access_errors import access_refused
from nba_props.errors import StoreError, TrackingError

mlflow = load_mlflow()
DENIED = "API request to endpoint /x failed with error code 403 != 200. Response body: 'Permission denied'"
UNKNOWN = "API request to endpoint /x failed with error code 401 != 200. Response body: 'You are not authenticated.'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DENIED, "user 'ann' has no permission"),
        ("403 Client Error: FORBIDDEN for url: http://h/api/2.0/mlflow-artifacts/artifacts/1/x", "no permission"),
        (UNKNOWN, "the server does not let in user 'ann' with that password"),
        ("401 Client Error: UNAUTHORIZED for url: http://h/x", "Set MLFLOW_TRACKING_USERNAME"),
        ("[Errno 13] Permission denied: 'a file of this machine'", ""),
        ("INVALID_PARAMETER_VALUE: 403 metrics", ""),
    ],
)
def test_a_refusal_names_the_user_and_the_way_in(text, said, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "Hunter2-Hunter2")
    found = access_refused(text)
    assert said in found if said else found == ""
    assert "Hunter2" not in found


def test_a_refusal_is_no_server_that_is_gone(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    expected = pytest.raises(TrackingError, match="Creating a run: the server does not let in anybody")
    with expected as caught, store_errors("Creating a run", "http://h"):
        raise mlflow.exceptions.MlflowException(UNKNOWN)
    assert not isinstance(caught.value, StoreError)


@pytest.mark.parametrize(
    "source", ["s3://b/x", "gs://b/x", "http://h/x", "ftp://h/x", "dbfs:/x", "hdfs://h/x", "S3://b"]
)
def test_files_elsewhere_are_no_source_of_a_version(source):
    assert "refused" in refused_source(source)


@pytest.mark.parametrize(
    "source", ["models:/m-1", "runs:/0/model", "mlflow-artifacts:/1/models/m-1/artifacts", "file:///x"]
)
def test_what_was_logged_to_the_server_is(source):
    assert refused_source(source) == ""
