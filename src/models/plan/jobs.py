"""Runs side by side: several configurations over the same data, each tracked as a run of its own."""

from __future__ import annotations

import os
import socket
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import joblib

from models.forecasting import Forecasts
from models.studies import arms
from models.train_model_mlflow import NBAPropsMLflowTrainer, check_gate_profile
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from models.data import TrainingData
    from models.studies import Study
    from models.train_model_mlflow import TrainingResult
    from nba_props.config import TrainerConfig
    from nba_props.forecast.walk_forward import WalkForwardResult


@dataclass(frozen=True)
class Job:
    """One tracked run.

    Attributes:
        run_name: Its name; ``<model>_<market>`` by default.
        register: Register, gate and promote or keep.
        study: A question it also answers.
        tags: Tags besides the standard ones.
        chosen_from: Other experiments whose runs it was chosen from.
        tracking_uri: Where to track; ``MLFLOW_TRACKING_URI`` or the embedded store by default.
    """

    config: TrainerConfig
    experiment: str
    run_name: str | None = None
    register: bool = False
    study: Study | None = None
    tags: dict[str, str] = field(default_factory=dict)
    chosen_from: tuple[str, ...] = ()
    tracking_uri: str | None = None

    def __post_init__(self) -> None:
        """Refuse a gate profile that does not exist."""
        check_gate_profile(self.config)


def trainer_of(job: Job, data: TrainingData, forecasts: Forecasts | None = None) -> NBAPropsMLflowTrainer:
    """The trainer of a job."""
    return NBAPropsMLflowTrainer(
        config=job.config,
        training_data=data,
        experiment_name=job.experiment,
        tracking_uri=job.tracking_uri,
        study=job.study,
        tags=job.tags,
        chosen_from=job.chosen_from,
        forecasts=forecasts,
    )


def run_jobs(
    jobs: Sequence[Job],
    data: TrainingData,
    on_fold: Callable[[str, int, int], None] | None = None,
    known: dict[str, WalkForwardResult] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[TrainingResult]:
    """Run the jobs in order, the fits of all of them through one joblib call; yield each tracked result.

    Args:
        jobs: One per run.
        data: What all of them are trained on.
        on_fold: Called with (market, fits done, fits in all) after each fit.
        known: Forecasts of the very same data made before (`Forecasts`); new ones join them.
        meanwhile: Called before the first job, while the first fits run already.
    """
    if not jobs:
        return
    forecasts = Forecasts(data, [config for job in jobs for config in arms(job.config, job.study)], on_fold, known)
    with closing(forecasts):
        if meanwhile is not None:
            forecasts.start()
            meanwhile()
        for job in jobs:
            yield trainer_of(job, data, forecasts).run(job.run_name, register=job.register)


@contextmanager
def fits_on(name: str = "threads", address: str | None = None) -> Iterator[None]:
    """Where the fits run: threads or processes of this machine, or an existing Dask or Ray cluster.

    Args:
        name: "threads", "processes", "dask" or "ray".
        address: Of the cluster: ``tcp://host:8786`` for Dask; for Ray ``host:6379``, "auto" (the cluster this machine
            belongs to, the default) or "local" (processes of this machine).

    Raises:
        ConfigError: The backend is unknown, its package is not installed, or the cluster does not answer.
    """
    places = {
        "threads": partial(joblib.parallel_config, backend="threading"),
        "processes": partial(joblib.parallel_config, backend="loky"),
        "dask": partial(_dask, address),
        "ray": partial(_ray, address or "auto"),
    }
    if name not in places:
        message = f"Unknown backend {name!r}; there are: {', '.join(places)}."
        raise ConfigError(message)
    if address is not None and name not in {"dask", "ray"}:
        message = f"--address is for the backends dask and ray; {name} runs on this machine."
        raise ConfigError(message)
    with places[name]():
        yield


@contextmanager
def _dask(address: str | None) -> Iterator[None]:
    if address is None:
        message = "The backend dask needs --address, such as tcp://localhost:8786."
        raise ConfigError(message)
    try:
        from distributed import Client
    except ImportError as error:
        message = (
            "The backend dask is not installed: `uv sync --extra dask`, outside a clone `pip install distributed`."
        )
        raise ConfigError(message) from error
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        message = f"No Dask scheduler answers at {address}: {error}."
        raise ConfigError(message) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=30)
        except TimeoutError as error:
            message = f"The Dask scheduler at {address} has no worker: start one with `dask worker {address}`."
            raise ConfigError(message) from error
        with joblib.parallel_config(backend="dask"):
            yield


@contextmanager
def _ray(address: str) -> Iterator[None]:
    # Ray would copy the working directory to every node and start its workers by `uv run` there.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        message = "The backend ray is not installed: run `uv sync --extra ray`, outside a clone `pip install ray`."
        raise ConfigError(message) from error
    if address.startswith("ray://"):
        message = f"Fits cannot run through a Ray client ({address}): give the address of the cluster, host:6379."
        raise ConfigError(message)
    connected = ray.is_initialized()
    try:
        _check_listening(address)
        ray.init(address=address, ignore_reinit_error=True, include_dashboard=False if address == "local" else None)
    except (OSError, RuntimeError, ValueError) as error:
        message = f"No Ray cluster can be used at {address}: {_root_cause(error)}."
        raise ConfigError(message) from error
    try:
        register_ray()
        # An actor of Ray's pool asks for no core by itself: any number of them would end up on the same machine.
        with joblib.parallel_config(backend="ray", n_jobs=-1, ray_remote_args={"num_cpus": 1}):
            yield
    finally:
        if not connected:
            ray.shutdown()


def _check_listening(address: str) -> None:
    """Fail at once (OSError) where nobody listens: Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if host and "/" not in address and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def _root_cause(error: BaseException) -> str:
    """The cause of an error; Ray passes whole tracebacks on as text, whose last line says it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].rstrip(".")
