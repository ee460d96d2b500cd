"""Versions whose structures in the kernel are laid out in other ways take over from each other, and nothing is lost."""

import json
import time

import pytest

from harness import other_layout
from harness.commands import wait_until
from harness.lab import Lab
from harness.service_burst import FRAMES, SERVICE, Burst, configure, settled, stored

REPORT = "run/hdrlog/relay"


@pytest.fixture(scope="module")
def service(container):
    """The service, and beside it another version, which keeps nothing but tells what it had in its hands."""
    relay = container.root / "usr/local/bin/relay"
    container.install()
    relay.write_bytes(other_layout.build().read_bytes())
    relay.chmod(0o755)
    with Lab(container.pid, quiet=True) as lab:
        container.lab, container.hook = lab, "native"
        configure(container, ring="64M")
        container.run("systemctl", "start", SERVICE)
        yield container


def restart(system):
    system.run("systemctl", "reset-failed", SERVICE)
    system.run("systemctl", "restart", SERVICE)


def answer(system, *question) -> list[dict]:
    lines = system.run("hdrctl", *question, "--since", "1h", "-o", "json").stdout.splitlines()
    return [json.loads(line) for line in lines]


def kept(system) -> int:
    """Descriptors that systemd holds for the service."""
    return int(system.show(SERVICE, "NFileDescriptorStore"))


def test_other_layouts_take_over_in_both_directions_during_a_burst(service):
    held = kept(service)
    with Burst(service, rate=80_000, flows=2000) as burst:
        for _ in range(3):
            with service.drop_in(SERVICE, f"ExecStart=\nExecStart=/usr/local/bin/relay logged /{REPORT}"):
                restart(service)
                time.sleep(0.3)
            restart(service)
            time.sleep(0.3)
        assert burst.lasts, "the burst ended before the restarts"
    found = settled(service)
    others = [json.loads(line) for line in (service.root / REPORT).read_text().splitlines()]
    print(*others, sep="\n")
    assert len(others) == 3
    for other in others:
        assert other["isAddedUp"] and other["holds"] and not other["losesInheritance"]
        assert other["records"] > 0 and other["badRecords"] == 0, "headers are read as what they are"
        assert other["udp"] == other["ipv4"] == other["frames"], "so are counters"
    assert [other["frames"] for other in others] == sorted(other["frames"] for other in others), "counters run on"

    def elsewhere(name):
        return sum(other[name] for other in others)

    # What the other version took out of the rings is not in the log, and nothing else is missing.
    assert found["frames"] == found["sampled"] == FRAMES
    assert found["ringLost"] == 0
    assert found["storeLost"] == elsewhere("records")
    assert found["stored"] + found["waiting"] == stored(service) == FRAMES - elsewhere("records")
    assert found["keyed"] == found["flowPackets"] + found["untrackedPackets"] == FRAMES
    assert found["untrackedPackets"] == 0
    wait_until(lambda: kept(service) == held, 5, "the end of the maps that were taken over")
    restart(service)
    flows = answer(service, "flows", "--limit", 5000)
    assert sum(flow["packets"] for flow in flows) + elsewhere("flowFrames") == FRAMES
    lengths = answer(service, "histogram", "frameLength")
    assert sum(count["frames"] for count in lengths) + elsewhere("lengths") == FRAMES
    assert {count["value"] for count in lengths} == {64}
    assert "counters and headers that this one cannot read" not in service.journal(SERVICE)
