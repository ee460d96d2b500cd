"""The preset for appliances under a real systemd: what is flushed lies in memory that outlives a kill."""

import shutil
import time

import pytest

from harness import packets
from harness.commands import PROJECT, wait_until
from harness.lab import Lab
from harness.service_burst import SERVICE, status

SOURCE, DESTINATION = "198.51.100.7", "192.0.2.1"
LOG = "/var/lib/hdrlog"
HERE = """
[capture]
interfaces = ["logged"]
direction = "in"
[storage]
keep_free = "16M"
"""


@pytest.fixture(scope="module")
def appliance(container):
    container.install()
    settings = container.root / "etc/hdrlog/hdrlogd.toml.d"
    settings.mkdir(parents=True)
    shutil.copy(PROJECT / "config/hdrlogd.appliance.toml", settings / "10-appliance.toml")
    (settings / "20-here.toml").write_text(HERE)
    with Lab(container.pid, quiet=True) as lab:
        container.lab = lab
        yield container


@pytest.fixture
def service(appliance):
    appliance.run("systemctl", "reset-failed", check=False)
    appliance.run("systemctl", "start", SERVICE)
    yield appliance
    appliance.run("systemctl", "stop", SERVICE)


def send(system, port: int, seconds: float) -> list[tuple[float, int]]:
    """Ten frames a second, numbered by their source ports; when each was sent."""
    sent = []
    for number in range(int(seconds * 10)):
        packets.send(system.lab.peer, [packets.udp(SOURCE, DESTINATION, 2000 + number, port)])
        sent.append((time.monotonic(), 2000 + number))
        time.sleep(0.1)
    return sent


def logged(system, port: int, *where) -> list[int]:
    lines = system.run(
        "hdrctl", "query", "--dport", port, "--since", "1h", "-o", "csv", "--fields", "sourcePort", *where
    )
    return [int(line) for line in lines.stdout.split()[1:]]


def kill(system) -> float:
    """Waits for the next process; a moment at which the killed one was still alive."""
    process = system.show(SERVICE, "MainPID")
    alive = time.monotonic()
    system.run("systemctl", "kill", "--signal=KILL", SERVICE)
    wait_until(lambda: system.active(SERVICE) and system.show(SERVICE, "MainPID") not in ("0", process), 20, "a start")
    return alive


def test_a_kill_costs_the_last_second_at_the_most_and_is_told(service):
    start = time.time_ns()
    for port in (7001, 7002):
        sent = send(service, port, 5)
        alive = kill(service)
        found = logged(service, port)
        assert len(found) == len(set(found))
        # A second from one flush to the next; frames come ten a second, and wait up to 40 ms in the ring.
        assert {number for at, number in sent if alive - at > 1.3} - set(found) == set()
    gaps = [gap for gap in status(service)["gaps"] if gap["since"] > start]
    assert [gap["reason"] for gap in gaps if gap["until"] - gap["since"] < 3e9].count("crashed") >= 1, gaps
    assert status(service)["consistent"]


def test_what_lies_in_memory_is_told_to_who_reads_the_directory_and_a_stop_writes_it(service):
    send(service, 7003, 2)
    wait_until(lambda: len(logged(service, 7003)) == 20, 5, "20 headers")
    told = service.run("hdrctl", "query", "--dport", 7003, "--since", "1h", "--directory", LOG)
    assert told.stdout.strip() == "" and "not written yet" in told.stderr
    service.run("systemctl", "stop", SERVICE)
    assert len(logged(service, 7003, "--directory", LOG)) == 20
    told = service.run("hdrctl", "query", "--dport", 7003, "--since", "1h", "--directory", LOG)
    assert "not written yet" not in told.stderr


def test_a_tail_of_another_directory_is_refused_and_told(service):
    send(service, 7004, 2)
    time.sleep(1.2)
    other = service.root / "etc/hdrlog/hdrlogd.toml.d/30-other.toml"
    other.write_text(f'[storage]\ndirectory = "{LOG}/other"\n')
    try:
        kill(service)
        assert logged(service, 7004) == []
        assert "records in memory belong to a log in another directory" in service.journal(SERVICE)
        assert "crashed" in [gap["reason"] for gap in status(service)["gaps"]]
    finally:
        other.unlink()
