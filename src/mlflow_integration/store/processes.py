"""Which process a run belongs to, and whether that process is still at work."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid
from pathlib import Path
from typing import Final

PROCESS_TAG: Final = "process"
"""Tag of a run with the mark of the process that runs it."""

_GONE: Final = "none"


def process_mark(pid: int | None = None) -> str:
    """A process of this machine (this one by default): machine, number and when it started; "none" if it is gone."""
    number = os.getpid() if pid is None else pid
    return f"{machine_mark()}:{number}:{_started(number)}"


def is_alive(mark: str) -> bool:
    """Whether the process with this mark may be at work; nothing is known here about those of other machines."""
    machine, _, rest = mark.partition(":")
    number = rest.partition(":")[0]
    if not number.isdigit():
        return False
    return machine != machine_mark() or process_mark(int(number)) == mark


def machine_mark() -> str:
    """This machine, without telling its name: the first part of the mark of each of its processes.

    The network card alone is not enough: the first container of each of two hosts has the same address, and without a
    card Python makes one up for each process (it has the multicast bit).
    """
    card = uuid.getnode()
    known = "" if card >> 40 & 1 else f"{card:012x}"
    return hashlib.sha256(f"{known} {platform.node()}".encode()).hexdigest()[:12]


def _started(pid: int) -> str:
    """When a process started, where the system reports it."""
    if not Path("/proc/self/stat").exists():
        return "alive" if _is_alive(pid) else _GONE
    try:
        state, *facts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return _GONE
    # A zombie is over and done with; only its parent has not asked yet.
    return _GONE if state in {"Z", "X"} else facts[18]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
