"""Fixtures of the tiers that drive the built binaries, and the reasons for which they cannot run."""

import os
import pathlib
import signal
import tempfile
import traceback

import pytest

from harness.container import Container
from harness.lab import Lab


def pytest_collection_modifyitems(items):
    """What needs root is skipped, loudly, for any other user."""
    if os.geteuid() == 0:
        return
    for item in items:
        if {"lab", "quiet_lab", "module_lab", "quiet_module_lab", "container"} & set(item.fixturenames):
            item.add_marker(pytest.mark.skip(reason="needs root: network namespaces, BPF and systemd-nspawn"))


# A test that hangs fails by itself, and says where. Fixtures may build a package or boot a machine.
CALL_SECONDS = 240
SETUP_SECONDS = 660


def _limited(seconds: int):
    """Fails what runs meanwhile when it takes longer."""

    def late(_, frame):
        where = "".join(traceback.format_stack(frame, limit=4))
        pytest.fail(f"not done after {seconds} s; it was at\n{where}")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup():
    return (yield from _limited(SETUP_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    return (yield from _limited(CALL_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown():
    return (yield from _limited(CALL_SECONDS))


@pytest.fixture
def folder():
    """A short path, because a Unix socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="hdrlog-") as path:
        yield pathlib.Path(path)


@pytest.fixture
def lab():
    with Lab() as pair:
        yield pair


@pytest.fixture
def quiet_lab():
    """A lab in which every packet is the test's."""
    with Lab(quiet=True) as pair:
        yield pair


@pytest.fixture(scope="module")
def module_folder():
    with tempfile.TemporaryDirectory(prefix="hdrlog-") as path:
        yield pathlib.Path(path)


@pytest.fixture(scope="module")
def module_lab():
    """A lab for tests that only look at what one of them has set up."""
    with Lab() as pair:
        yield pair


@pytest.fixture(scope="module")
def quiet_module_lab():
    """The same, in which every packet is the tests'."""
    with Lab(quiet=True) as pair:
        yield pair


@pytest.fixture(scope="module")
def container():
    with tempfile.TemporaryDirectory(prefix="hdrlog-") as path, Container(pathlib.Path(path) / "system") as system:
        yield system
