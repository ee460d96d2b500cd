"""Flows: what the kernel counted, exactly, whatever sampling kept."""

import json

import pytest

from harness import packets
from harness.commands import wait_until
from harness.daemon import Daemon


def flows(daemon, *arguments):
    result = daemon.hdrctl("flows", "-o", "json", "--quiet", *arguments)
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def daemon(quiet_lab, folder):
    settings = {"capture__direction": "in", "capture__sampling_rate": 1000, "capture__flow_interval": "1s"}
    with Daemon(quiet_lab.logged, folder, **settings) as daemon:
        web = [packets.tcp("198.51.100.7", "192.0.2.1", 40000, 443) for _ in range(300)]
        dns = [packets.udp("198.51.100.8", "192.0.2.1", 5353 + number, 53) for number in range(20)]
        packets.send(quiet_lab.peer, web + dns)
        wait_until(lambda: sum(flow["packets"] for flow in flows(daemon)) == 320, 5, "flows of 320 packets")
        yield daemon


def test_flows_are_exact_whatever_sampling_keeps(daemon):
    (web,) = flows(daemon, "--port", "443")
    assert (web["source"], web["sourcePort"], web["protocol"]) == ("198.51.100.7", 40000, 6)
    assert web["packets"] == 300
    assert len(flows(daemon, "--proto", "udp", "--host", "198.51.100.8")) == 20
    assert flows(daemon, "--order", "packets", "--limit", "1") == [web]


def test_flows_are_in_the_accounting(daemon):
    for interface in daemon.status()["interfaces"]:
        counters = interface["counters"]
        assert counters["keyed"] == counters["flowPackets"] + counters["untrackedPackets"] == 320
        assert all(identity["holds"] for identity in interface["identities"])


def test_a_table_and_csv_have_a_line_a_flow(daemon):
    assert len(daemon.hdrctl("flows").stdout.splitlines()) == 22
    assert len(daemon.hdrctl("flows", "-o", "csv").stdout.splitlines()) == 22


def test_flows_of_a_directory_need_no_daemon(daemon):
    assert sum(flow["packets"] for flow in flows(daemon, "--directory", str(daemon.state))) == 320


def test_a_filter_that_flows_cannot_answer_is_told(daemon):
    result = daemon.hdrctl("flows", "ttl < 5", check=False)
    assert result.returncode != 0
    assert "flows have addresses" in result.stderr
