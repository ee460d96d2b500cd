"""Restarts of the service while frames come: systemd holds maps and links meanwhile, and no frame goes by uncounted."""

import time

import pytest

from harness.commands import wait_until
from harness.lab import Lab
from harness.service_burst import FRAMES, SERVICE, Burst, configure, counters, settled, status, stored

FILTERS = "hdrlogd-filters.service"


@pytest.fixture(scope="module")
def installed(container):
    container.install()
    with Lab(container.pid, quiet=True) as lab:
        container.lab = lab
        # Frames that a veth device hands over in bulk need its XDP path, or GRO, on the other side.
        lab.logged.run("ethtool", "--offload", lab.logged.device, "gro", "on")
        yield container


@pytest.fixture(params=["native", "tc", "clsact"])
def service(installed, request):
    """The service, new: nothing is counted yet."""
    installed.hook = request.param
    installed.run("systemctl", "stop", SERVICE)
    configure(installed)
    installed.run("systemctl", "reset-failed", check=False)
    installed.run("systemctl", "start", SERVICE)
    yield installed
    installed.run("systemctl", "stop", SERVICE)
    nothing_is_left(installed)


def nothing_is_left(system):
    """Filters go a moment after the service: systemd then stops the unit that removes them."""
    wait_until(lambda: system.show(FILTERS, "ActiveState") == "inactive", 5, "the end of the unit of the filters")
    assert system.lab.logged.attached() == []
    assert "clsact" not in system.lab.logged.run("tc", "qdisc", "show", "dev", system.lab.logged.device).stdout


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
    with Burst(service, rate=80_000) as burst:
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


@pytest.mark.parametrize("service", ["native", "clsact"], indirect=True)  # tc's links are held as XDP's are
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


@pytest.mark.parametrize("service", ["native"], indirect=True)  # rings are the same at each hook
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


RELABEL = """#!/usr/bin/python3
import os, sys
os.environ["LISTEN_FDNAMES"] = os.environ.get("LISTEN_FDNAMES", "").replace("hdrlog", "hdrlog9")
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_version_that_cannot_read_the_maps_takes_over_and_says_what_is_lost(service):
    """Here because what the one before left bears another number in its name."""
    wrapper = service.root / "usr/local/bin/relabel"
    wrapper.write_text(RELABEL)
    wrapper.chmod(0o755)
    section = "ExecStart=\nExecStart=/usr/local/bin/relabel /usr/sbin/hdrlogd --keep-filters\nMemoryDenyWriteExecute=no"
    with service.drop_in(SERVICE, section):
        since = time.time_ns()
        with Burst(service, rate=400_000) as burst:
            time.sleep(0.5)
            before = counters(service)["frames"]
            restart(service)
            assert burst.lasts
        found = wait_until(lambda: counters(service)["frames"], 5, "frames that the new version counts")
        assert 0 < found < FRAMES - before
        (link,) = service.lab.logged.attached()
        gaps = [gap for gap in status(service)["gaps"] if gap["since"] > since]
        assert gaps and {gap["reason"] for gap in gaps} == {"not running"}
        assert "counters and headers that this one cannot read" in service.journal(SERVICE)
    wrapper.unlink()


@pytest.fixture
def filtering(installed):
    """The service with a filter at tc, as before Linux 6.6, where it outlives its process."""
    installed.hook = "clsact"
    configure(installed)
    installed.run("systemctl", "reset-failed", check=False)
    installed.run("systemctl", "start", SERVICE)
    assert [line for line in installed.lab.logged.attached() if "hdrlog_ingress" in line]
    yield installed
    installed.run("systemctl", "stop", SERVICE)
    nothing_is_left(installed)


def test_a_stop_between_death_and_restart_removes_filters(filtering):
    with filtering.drop_in(SERVICE, "RestartSec=60s"):
        filtering.run("systemctl", "kill", "--signal=KILL", SERVICE)
        wait_until(lambda: filtering.show(SERVICE, "SubState") == "auto-restart", 5, "the wait for the restart")
        assert filtering.lab.logged.attached() != [], "until the restart they count"
        filtering.run("systemctl", "stop", SERVICE)
        nothing_is_left(filtering)


def test_filters_are_removed_when_the_service_cannot_be_started_again(filtering):
    config = filtering.root / "etc/hdrlog/hdrlogd.toml"
    config.write_text("[capture]\nhook = 'none'\n")
    filtering.run("systemctl", "kill", "--signal=KILL", SERVICE)
    wait_until(lambda: filtering.show(SERVICE, "ActiveState") == "failed", 20, "the end of the attempts")
    nothing_is_left(filtering)


def test_a_start_right_after_a_stop_does_not_lose_its_filter_to_the_removal(filtering):
    for _ in range(5):
        filtering.run("systemctl", "reset-failed", SERVICE)
        filtering.run("systemctl", "stop", SERVICE)
        filtering.run("systemctl", "start", SERVICE)
        time.sleep(0.2)
        assert filtering.active(FILTERS) and filtering.lab.logged.attached() != []


def test_another_hook_takes_the_place_of_a_filter(filtering):
    filtering.hook = "native"
    configure(filtering)
    restart(filtering)
    (line,) = filtering.lab.logged.attached()
    assert "xdp" in line
    assert filtering.active(FILTERS)
