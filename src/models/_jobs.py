"""Runs side by side: several configurations over the same data, each tracked as a run of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from models._forecasting import Forecasts
from models._studies import arms
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from models._studies import Study
    from models._training_data import TrainingData
    from models.train_model_mlflow import TrainingResult
    from nba_props.config import TrainerConfig

__all__ = ["BACKENDS", "Backend", "Job", "fits_on", "run_jobs"]

Backend = Literal["threads", "processes", "dask", "ray"]
BACKENDS = get_args(Backend)


@dataclass(frozen=True)
class Job:
    """One tracked run.

    Attributes:
        config: Its settings.
        experiment: Experiment it goes to.
        run_name: Its name; ``<model>_<market>`` by default.
        register: Register, gate and promote or keep.
        study: A question it also answers.
        tags: Tags besides the standard ones.
    """

    config: TrainerConfig
    experiment: str
    run_name: str | None = None
    register: bool = False
    study: Study | None = None
    tags: dict[str, str] = field(default_factory=dict)


def trainer_of(job: Job, data: TrainingData, forecasts: Forecasts | None = None) -> NBAPropsMLflowTrainer:
    """The trainer of a job."""
    return NBAPropsMLflowTrainer(
        config=job.config,
        training_data=data,
        experiment_name=job.experiment,
        study=job.study,
        tags=job.tags,
        forecasts=forecasts,
    )


def run_jobs(
    jobs: Sequence[Job], data: TrainingData, on_fold: Callable[[str, int, int], None] | None = None
) -> Iterator[TrainingResult]:
    """Run the jobs in order, the fits of all of them through one joblib call; yield each tracked result.

    Args:
        jobs: What is run.
        data: What all of them are trained on.
        on_fold: Called with (market, fits done, fits in all) after each fit.
    """
    if not jobs:
        return
    forecasts = Forecasts(data, [config for job in jobs for config in arms(job.config, job.study)], on_fold)
    for job in jobs:
        yield trainer_of(job, data, forecasts).run(job.run_name, register=job.register)


@contextmanager
def fits_on(name: str = "threads", address: str | None = None) -> Iterator[None]:
    """Where the fits run: threads or processes of this machine, or an existing Dask or Ray cluster.

    Args:
        name: One of `BACKENDS`.
        address: Of the cluster: ``tcp://host:8786`` for Dask, ``ray://host:10001`` or ``auto`` for Ray.

    Raises:
        ConfigError: The backend is unknown, its package is not installed, or the cluster does not answer.
    """
    import joblib  # noqa: PLC0415 - keeps --help fast

    if name not in BACKENDS:
        message = f"Unknown backend {name!r}; there are: {', '.join(BACKENDS)}."
        raise ConfigError(message)
    if address is not None and name not in {"dask", "ray"}:
        message = f"--address is for the backends dask and ray; {name} runs on this machine."
        raise ConfigError(message)
    if name == "dask":
        with _dask(address):
            yield
        return
    if name == "ray":
        _ray(address)
    with joblib.parallel_config(backend={"threads": "threading", "processes": "loky"}.get(name, name)):
        yield


@contextmanager
def _dask(address: str | None) -> Iterator[None]:
    import joblib  # noqa: PLC0415 - keeps --help fast

    if address is None:
        message = "The backend dask needs --address, such as tcp://localhost:8786."
        raise ConfigError(message)
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError as error:
        message = "The backend dask is not installed: run `uv sync --extra dask`."
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


def _ray(address: str | None) -> None:
    try:
        import ray  # noqa: PLC0415 - an extra
        from ray.util.joblib import register_ray  # noqa: PLC0415
    except ImportError as error:
        message = "The backend ray is not installed: run `uv sync --extra ray`."
        raise ConfigError(message) from error
    try:
        ray.init(address=address or "auto", ignore_reinit_error=True)
    except ConnectionError as error:
        message = f"No Ray cluster answers at {address or 'auto'}: {error}."
        raise ConfigError(message) from error
    register_ray()
