"""Restarts of the service while frames come: systemd holds maps and links meanwhile, and no frame goes by uncounted."""

import time

import pytest

from harness.commands import wait_until
from harness.lab import Lab
from harness.service_burst import FRAMES, SERVICE, Burst, configure, settled, status, stored


@pytest.fixture(scope="module")
def installed(container):
    container.install()
    with Lab(container.pid, quiet=True) as lab:
        container.lab = lab
        # Frames that a veth device hands over in bulk need its XDP path, or GRO, on the other side.
        lab.logged.run("ethtool", "--offload", lab.logged.device, "gro", "on")
        yield container


@pytest.fixture(params=["native", "tc"])
def service(installed, request):
    """The service, new: nothing is counted yet."""
    installed.hook = request.param
    installed.run("systemctl", "stop", SERVICE)
    configure(installed)
    installed.run("systemctl", "reset-failed", check=False)
    installed.run("systemctl", "start", SERVICE)
    yield installed
    installed.run("systemctl", "stop", SERVICE)
    assert installed.lab.logged.attached() == []


def restart(system):
    # systemd would take so many starts for a service that cannot start.
    system.run("systemctl", "reset-failed", SERVICE)
    system.run("systemctl", "restart", SERVICE)


def kill(system):
    system.run("systemctl", "reset-failed", SERVICE)
    process = system.show(SERVICE, "MainPID")
    system.run("systemctl", "kill", "--signal=KILL", SERVICE)
    wait_until(lambda: system.active(SERVICE) and system.show(SERVICE, "MainPID") not in ("0", process), 20, "a start")


def test_twenty_restarts_during_a_burst_lose_no_frame(service):
    before = stored(service)
    with Burst(service, rate=200_000) as burst:
        for _ in range(20):
            restart(service)
        assert burst.lasts, "the burst ended before the restarts"
    found = settled(service)
    assert found["frames"] == found["sampled"] == FRAMES
    assert found["keyed"] == found["flowPackets"] + found["untrackedPackets"] == FRAMES
    print(f"{found['ringLost']} lost in the rings, {found['storeLost']} with a process")
    assert found["storeLost"] == 0
    assert found["stored"] + found["waiting"] == FRAMES - found["ringLost"]
    assert stored(service) - before == found["stored"] + found["waiting"]


def test_what_a_killed_process_had_read_and_not_stored_is_booked_as_lost(service):
    before, start = stored(service), time.time_ns()
    with Burst(service, rate=200_000) as burst:
        for _ in range(5):
            kill(service)
            time.sleep(0.3)
        assert burst.lasts, "the burst ended before the kills"
    found = settled(service)
    assert found["frames"] == found["sampled"] == FRAMES
    print(f"{found['ringLost']} lost in the rings, {found['storeLost']} with the processes")
    kept = FRAMES - found["ringLost"] - found["storeLost"]
    assert found["stored"] + found["waiting"] == kept
    assert stored(service) - before == kept
    gaps = [gap for gap in status(service)["gaps"] if gap["reason"] == "crashed" and gap["since"] > start]
    assert sum(gap.get("lost", 0) for gap in gaps) == found["storeLost"]


def test_other_ring_memory_takes_over_what_waits_in_the_old_rings(service):
    with Burst(service, rate=200_000) as burst:
        for ring in ("8M", "32M", "16M"):
            configure(service, ring)
            restart(service)
        assert burst.lasts, "the burst ended before the restarts"
    found = settled(service)
    assert found["frames"] == found["sampled"] == FRAMES
    assert found["stored"] + found["waiting"] + found["ringLost"] == FRAMES


def test_systemd_itself_may_be_executed_anew(service):
    with Burst(service, rate=400_000):
        service.run("systemctl", "daemon-reexec")
        restart(service)
    assert settled(service)["frames"] == FRAMES
