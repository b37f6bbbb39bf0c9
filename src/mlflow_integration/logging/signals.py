"""Signals that end a process: they end its runs too, and never between two steps that belong together."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


ENDING: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows knows no SIGHUP
_owner = 0


class Terminated(SystemExit):
    """The process was told to end by a signal; the exit code is the one of a shell, 128 and its number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal_name = signal.Signals(number).name

    def __str__(self) -> str:
        return f"the process was ended by {self.signal_name}"


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does: by an exception, so that its runs end KILLED.

    A signal that the program handles or ignores (``nohup``) stays as it is. Signals are the main thread's business:
    elsewhere nothing is done.
    """
    global _owner  # noqa: PLW0603 - once per process
    if threading.current_thread() is not threading.main_thread():
        return
    _owner = os.getpid()
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's signature
    if os.getpid() != _owner:  # a forked child, which ends as it would have without us
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        return
    raise Terminated(number)


@contextmanager
def held_signals() -> Iterator[None]:
    """Hold the ending signals and Ctrl-C back until the block is done.

    A run that its process does not know yet, or one that is being ended, would otherwise stay RUNNING.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's signature
        held.append(number)

    before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGINT)}
    ours = [number for number, handler in before.items() if callable(handler)]  # ignored ones stay ignored
    for number in ours:
        signal.signal(number, hold)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
        if held:
            signal.raise_signal(held[0])
