"""Run by test_crash.py in a process of its own: promotes in forked children that die between two calls.

Only a store that no child uses is opened before the fork (opening the first one takes seconds of import), so
that no child shares a connection with its parent.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

from mlflow_integration.registry import ModelRegistry
from mlflow_integration.store.location import load_mlflow

mlflow = load_mlflow()
DEAD, DONE, BROKEN = 77, 0, 1
MAX_CALLS = 200


class DyingClient(mlflow.MlflowClient):
    """Dies before its n-th public call."""

    calls_left = MAX_CALLS

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if not name.startswith("_") and callable(found) and name not in {"calls_left", "count"}:
            self.count()
        return found

    def count(self):
        cls = type(self)
        if cls.calls_left == 0:
            os._exit(DEAD)
        cls.calls_left -= 1


def native(client, *arguments, **options):
    """Stands for the deprecated stage call, which the registry takes from the class."""
    client.count()
    original = mlflow.MlflowClient.transition_model_version_stage.__wrapped__
    return original(client, *arguments, **options)


DyingClient.transition_model_version_stage = native


def in_child(work):
    """Run `work` in a forked child and return its exit code."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(BROKEN)
        os._exit(DONE)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def promote_and_die(uri, calls):
    registry = ModelRegistry(uri)
    records = registry._records
    DyingClient.calls_left = calls
    records.client = DyingClient(uri, registry_uri=uri)
    registry.promote_model("crash", 2, "Production", override=True, reason="new")


def kill_everywhere(template: Path, folder: Path) -> None:
    """Kill a promotion before its first, second, ... call; print one line per store left behind."""
    for calls in range(MAX_CALLS):
        database = folder / f"{calls}.db"
        shutil.copy(template, database)
        code = in_child(lambda n=calls, path=database: promote_and_die(f"sqlite:///{path}", n))
        print(json.dumps({"database": str(database), "code": code}), flush=True)
        if code != DEAD:
            return


def race(database: Path, rounds: int) -> None:
    """Two processes promote their own version again and again while a third reads."""
    uri = f"sqlite:///{database}"
    children = []
    for version in (2, 3):
        child = os.fork()
        if child == 0:
            registry = ModelRegistry(uri)
            try:
                for _ in range(rounds):
                    registry.promote_model("crash", version, "Production", override=True, reason="test")
            except BaseException as error:
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(BROKEN)
            os._exit(DONE)
        children.append(child)
    registry, seen, codes = ModelRegistry(uri), [], []
    while children:
        seen.append(registry.get_production_version("crash"))
        for child in list(children):
            finished, status = os.waitpid(child, os.WNOHANG)
            if finished:
                codes.append(os.waitstatus_to_exitcode(status))
                children.remove(child)
        time.sleep(0.005)
    print(json.dumps({"seen": sorted(map(str, set(seen))), "reads": len(seen), "codes": codes}))


def warm_up(template: Path) -> None:
    """Open a store that no child will open."""
    other = template.with_name("warm.db")
    shutil.copy(template, other)
    ModelRegistry(f"sqlite:///{other}").list_models()


if __name__ == "__main__":
    warm_up(Path(sys.argv[2]))
    if sys.argv[1] == "kill":
        kill_everywhere(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        race(Path(sys.argv[2]), int(sys.argv[3]))
