"""The unit files by themselves: valid on this systemd, and as locked up as they promise to be."""

import shutil

import pytest

from harness.commands import HDRCTL, HDRLOGD, PROJECT, run

UNITS = ["hdrlogd.service", "hdrlogd-filters.service", "hdrlogd.socket"]

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def units(folder):
    """Copies that name the binaries just built."""
    paths = [folder / name for name in UNITS]
    for path in paths:
        text = (PROJECT / "systemd" / path.name).read_text()
        path.write_text(text.replace("/usr/sbin/hdrlogd", str(HDRLOGD)).replace("/usr/bin/hdrctl", str(HDRCTL)))
    return paths


def test_systemd_knows_every_key_of_the_units(units):
    said = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", *units)
    assert said.stdout + said.stderr == ""


@pytest.mark.parametrize("number", [0, 1])
def test_a_service_is_exposed_no_more_than_1_5_by_systemds_measure(units, number):
    run("systemd-analyze", "security", "--offline=yes", "--threshold=15", units[number])


def test_the_service_holds_three_capabilities(units):
    text = units[0].read_text()
    for key in ("CapabilityBoundingSet", "AmbientCapabilities"):
        assert f"{key}=CAP_BPF CAP_NET_ADMIN CAP_PERFMON\n" in text
