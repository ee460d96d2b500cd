"""What the daemon tells systemd, read where systemd would read it: sd_notify(3)'s socket."""

import socket
import time

import pytest

from harness.daemon import Daemon


@pytest.fixture
def manager(folder):
    """The service manager's end of the notification socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(folder / "notify"))
        end.settimeout(10)
        yield end


def wait_for(manager, state: str) -> list[str]:
    """Every assignment that was told, up to and with the message that has this one."""
    told = []
    while not any(line.startswith(state) for line in told):
        told += manager.recv(4096).decode().split("\n")
    return told


def test_a_start_asks_for_time_and_tells_ready_a_reload_its_time_and_a_stop_that_it_stops(lab, folder, manager):
    daemon = Daemon(lab.logged, folder)
    try:
        daemon.spawn(NOTIFY_SOCKET=str(folder / "notify"))
        start = wait_for(manager, "READY=1")
        assert "EXTEND_TIMEOUT_USEC=300000000" in start
        assert lab.logged.attached() != [], "ready before anything is attached"
        before = time.monotonic_ns() // 1000
        daemon.hdrctl("reload")
        reload = wait_for(manager, "RELOADING=1")
        stamp = next(line for line in reload if line.startswith("MONOTONIC_USEC="))
        assert before <= int(stamp.partition("=")[2]) <= time.monotonic_ns() // 1000
        wait_for(manager, "READY=1")
    finally:
        daemon.stop()
    wait_for(manager, "STOPPING=1")
