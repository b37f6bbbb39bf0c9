"""Tags of every run: the code and packages that made it, nothing about the person or the machine."""

from __future__ import annotations

import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from mlflow_integration.store.processes import PROCESS_TAG, process_mark

_PACKAGES: Final = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "xgboost", "lightgbm")
_GIT_SECONDS: Final = 5.0


@cache
def package_version(package: str) -> str | None:
    """Return the installed version of `package`, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def requirements(*packages: str) -> list[str]:
    """Return ``package==version`` for mlflow and those of `packages` that are installed."""
    return [f"{name}=={found}" for name in ("mlflow", *packages) if (found := package_version(name))]


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, fixed arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git is found on the PATH as for any user
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


@cache
def _git_tags(folder: Path) -> tuple[tuple[str, str], ...]:
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return (("git_commit", "unknown"),)
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    dirty = "unknown" if changed is None else str(bool(changed)).lower()
    return (("git_commit", commit), ("git_dirty", dirty), ("mlflow.source.git.commit", commit))


def environment() -> dict[str, str]:
    """Versions of Python and of the packages that compute or keep the numbers: ``environment.json`` of a run."""
    found = {name: known for name in _PACKAGES if (known := package_version(name))}
    return {"python": platform.python_version(), **found}


def standard_tags(folder: Path) -> dict[str, str]:
    """Return the tags of every run: code version, Python and package versions in one, script name, mark of the process.

    The code version is the git commit of `folder`, read once per process. No tag holds a user name, host name or path.
    """
    tags = dict(_git_tags(folder))
    tags["environment"] = ", ".join(f"{name} {found}" for name, found in environment().items())
    script = Path(sys.argv[0]).name if sys.argv and sys.argv[0] not in {"", "-c", "-m"} else "interactive"
    tags[PROCESS_TAG] = process_mark()
    return {**tags, "mlflow.source.name": script, "mlflow.source.type": "LOCAL", "mlflow.user": "unknown"}
