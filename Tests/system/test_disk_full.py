"""A full file system: counting goes on, the gap is recorded, and the log recovers by itself."""

import pytest

from harness.commands import HDRGEN, run, wait_until
from harness.daemon import Daemon

MEBIBYTE = 1 << 20


@pytest.fixture
def small_disk(folder):
    """A file system of 40 MiB for the log."""
    state = folder / "state"
    state.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=40M", "hdrlog-test", state)
    yield state
    run("umount", "--lazy", state)


def test_a_full_disk_stops_neither_the_daemon_nor_the_counting(quiet_lab, folder, small_disk):
    settings = {
        "capture__direction": "in",
        "capture__hook": "native",
        "storage__keep_free": "0",
        "storage__max_use": "1G",
        "storage__segment_max_size": "1G",
    }
    with Daemon(quiet_lab.logged, folder, **settings) as daemon:
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * (38 * MEBIBYTE))
        send(quiet_lab.peer, 2_000_000, 9)
        wait_until(lambda: daemon.counters()["frames"] == 2_000_000, 10, "all frames counted")
        wait_until(lambda: "full" in daemon.log().lower() or "space" in daemon.log().lower(), 10, "a line in the log")
        assert daemon.status()["consistent"]
        ballast.unlink()
        wait_until(lambda: recovered(quiet_lab.peer, daemon), 20, "new headers in the log")
        status = daemon.status()
        assert status["consistent"]
        assert status["gaps"] != []


def send(host, count: int, port: int):
    host.run(HDRGEN, "--interface", host.device, "--count", count, "--flows", 30000, "--port", port)


def recovered(host, daemon: Daemon) -> bool:
    """Whether headers that are sent now are stored."""
    send(host, 10, 77)
    return len(daemon.query("--dport", "77", "--limit", "10")) > 0
