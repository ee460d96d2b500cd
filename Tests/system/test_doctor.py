"""hdrctl doctor on a host whose device shows what it looks for."""

import json
import signal

import pytest

from harness.commands import HDRCTL
from harness.daemon import Daemon


def doctor(host, socket) -> tuple[int, dict[str, list[dict]]]:
    """Exit status, and findings by subject."""
    done = host.run(HDRCTL, "doctor", "--socket", socket, "-o", "json", check=False)
    found = {}
    for finding in json.loads(done.stdout)["findings"]:
        assert finding["severity"] == "ok" or finding["remedy"], finding
        found.setdefault(finding["subject"], []).append(finding)
    return done.returncode, found


@pytest.fixture
def daemon(lab, folder):
    with Daemon(lab.logged, folder, capture__hook="tc") as daemon:
        yield daemon


def test_a_healthy_host_has_no_problem(lab, daemon):
    lab.logged.run("ethtool", "--offload", lab.logged.device, "gro", "off")
    status, found = doctor(lab.logged, daemon.socket)
    problems = [entry for entries in found.values() for entry in entries if entry["severity"] == "problem"]
    assert status == 0 and problems == []
    (device,) = found[lab.logged.device]
    # The kernel itself says what veth can do: no list has to know it.
    assert device["severity"] == "ok" and "native XDP with frags" in device["text"] and "GRO off" in device["text"]
    assert found["tcx"][0]["severity"] == "ok"


def test_gro_before_tc_is_noted_with_its_remedy(lab, daemon):
    lab.logged.run("ethtool", "--offload", lab.logged.device, "gro", "on")
    status, found = doctor(lab.logged, daemon.socket)
    (note,) = found[lab.logged.device]
    assert status == 0 and note["severity"] == "note" and "GRO is on" in note["text"]
    command = note["remedy"].split(",")[0].split()
    lab.logged.run(*command)
    assert doctor(lab.logged, daemon.socket)[1][lab.logged.device][0]["severity"] == "ok"


def test_the_group_is_the_configured_one(lab, folder):
    with Daemon(lab.logged, folder, socket__group="daemon") as daemon:
        status, found = doctor(lab.logged, daemon.socket)
        assert status == 0 and found["group"][0]["text"].startswith("daemon:")
        daemon.socket.chmod(0o600)
        status, found = doctor(lab.logged, daemon.socket)
        assert status == 1 and "SocketMode=0660" in found["group"][0]["remedy"]


def test_a_filter_that_a_killed_daemon_left_is_found_and_its_remedy_removes_it(lab, folder):
    daemon = Daemon(lab.logged, folder, capture__hook="clsact").start()
    daemon.stop(signal.SIGKILL)
    status, found = doctor(lab.logged, daemon.socket)
    assert status == 1
    if "left-overs" not in found:
        pytest.skip("the kernel does not list programs here: CAP_SYS_ADMIN is missing")
    assert "hdrlogd --remove-filters" in found["left-overs"][0]["remedy"]
    lab.logged.run(HDRCTL.with_name("hdrlogd"), "--remove-filters")
    assert lab.logged.attached() == []
