"""The script that runs all tiers, when what it runs hangs or fails."""

import importlib.machinery
import importlib.util
import subprocess
import sys

import pytest

from harness.commands import PROJECT


@pytest.fixture
def runner(monkeypatch):
    """scripts/run-tests as a module."""
    monkeypatch.syspath_prepend(PROJECT / "scripts")
    loader = importlib.machinery.SourceFileLoader("run_tests", str(PROJECT / "scripts/run-tests"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    monkeypatch.setitem(sys.modules, "run_tests", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def test_a_command_that_hangs_is_killed_with_all_it_started_and_told_of(runner, folder, capsys):
    log = folder / "log"
    status, output = runner.run(log, "bash", "-c", "echo begun; setsid sleep 98765 & sleep 98764", seconds=1)
    assert status == runner.TIMED_OUT and output == "begun\n"
    said = capsys.readouterr().out
    assert "not done after 1 s" in said
    for command in ("sleep 98764", "sleep 98765"):
        assert command in said and command in log.read_text()
    assert "hrtimer_nanosleep" in said or "system call" in said
    assert subprocess.run(["pgrep", "-f", "sleep 9876[45]"], capture_output=True).stdout == b""


def test_a_build_that_has_failed_is_not_tried_again(runner, folder):
    marker = folder / "tries"
    command = ["bash", "-c", f"echo >>{marker}; exit 3"]
    assert runner.build(folder / "log", "release", *command) == "exit status 3"
    assert runner.build(folder / "log", "release", *command) == "exit status 3, in an earlier tier"
    assert len(marker.read_text().splitlines()) == 1
    assert runner.build(folder / "log", "debug", "true") is None


def test_a_build_that_hangs_is_the_last_one(runner, folder, monkeypatch):
    monkeypatch.setattr(runner, "BUILD_SECONDS", 1)
    assert runner.build(folder / "log", "debug", "sleep", "98763") == "not done after 1 s"
    assert runner.build(folder / "log", "release", "true") == "not done after 1 s, in an earlier tier"


def test_a_case_that_hangs_fails_by_itself_and_says_where(folder):
    (folder / "conftest.py").write_text((PROJECT / "Tests/conftest.py").read_text().replace("= 240", "= 1"))
    (folder / "test_it.py").write_text(
        "import time\n\n\ndef test_it():\n    time.sleep(9999)\n\n\ndef test_next():\n    pass\n"
    )
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {PROJECT / 'Tests'}\naddopts = -p no:cacheprovider\n")
    done = subprocess.run([sys.executable, "-m", "pytest", folder], capture_output=True, text=True, timeout=30)
    assert "not done after 1 s" in done.stdout and "time.sleep(9999)" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
