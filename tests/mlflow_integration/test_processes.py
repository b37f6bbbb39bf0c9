"""A process is known by its machine, its number and its start; nobody judges those of another machine."""

from __future__ import annotations

import platform
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from mlflow_integration.store import processes as _processes
from mlflow_integration.store.processes import is_alive, process_mark

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc tells when a process started")


@pytest.fixture
def waiting():
    """A process that lives until it is told to end."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_a_process_is_alive_until_it_ends(waiting):
    mark = process_mark(waiting.pid)
    assert is_alive(process_mark())
    assert is_alive(mark)
    waiting.communicate(b"\n")
    assert not is_alive(mark)


@needs_proc
def test_a_zombie_is_not_alive(waiting):
    mark = process_mark(waiting.pid)
    waiting.kill()
    while Path(f"/proc/{waiting.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        pass
    assert not is_alive(mark)


@needs_proc
def test_another_process_with_the_number_of_a_dead_one_is_not_taken_for_it():
    machine, number, started = process_mark().split(":")
    assert not is_alive(f"{machine}:{number}:{int(started) - 1}")


@pytest.mark.parametrize("mark", ["", "abc", "abc:", "abc:x:1"])
def test_what_is_no_mark_is_nobody(mark):
    assert not is_alive(mark)


@pytest.mark.parametrize("changed", ["card", "name"])
def test_a_process_of_another_machine_may_be_alive_also_where_the_machines_share_an_address_or_a_name(
    changed, monkeypatch
):
    """The first container of a host has the same address on every host."""
    monkeypatch.setattr(uuid, "getnode", lambda: 0x0242AC110002)
    monkeypatch.setattr(platform, "node", lambda: "9f2c11d07a55")
    theirs = process_mark(2**22 + 1)
    assert theirs.endswith(":none")
    if changed == "card":
        monkeypatch.setattr(uuid, "getnode", lambda: 0x0242AC110003)
    else:
        monkeypatch.setattr(platform, "node", lambda: "1b77e0a4c9d2")
    assert is_alive(theirs.replace(":none", ":12345"))
    assert not is_alive(f"{_processes.machine_mark()}:{2**22 + 1}:12345"), "here it would be dead"


def test_without_a_network_card_two_processes_are_still_of_one_machine(monkeypatch):
    monkeypatch.setattr(uuid, "getnode", lambda: 0x01_23_45_67_89_AB)
    first = process_mark()
    monkeypatch.setattr(uuid, "getnode", lambda: 0x0F_EE_DD_CC_BB_AA)
    assert process_mark() == first


def test_a_mark_does_not_tell_the_name_of_the_machine():
    assert platform.node() not in process_mark()
