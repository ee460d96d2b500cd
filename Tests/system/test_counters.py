"""Counters and histograms from the log: exact, whatever sampling kept."""

import json

import pytest

from harness import packets
from harness.commands import wait_until
from harness.daemon import Daemon


def lines(daemon, *arguments):
    return [json.loads(line) for line in daemon.hdrctl(*arguments, "-o", "json").stdout.splitlines()]


def seen(daemon):
    return sum(count["frames"] for count in lines(daemon, "counters", "--kinds", "seen"))


@pytest.fixture(scope="module")
def daemon(quiet_module_lab, module_folder):
    settings = {"capture__direction": "in", "capture__sampling_rate": 1000, "capture__flow_interval": "1s"}
    with Daemon(quiet_module_lab.logged, module_folder, **settings) as daemon:
        web = [packets.tcp("198.51.100.7", "192.0.2.1", 40000, 443) for _ in range(300)]
        dns = [packets.udp("198.51.100.8", "192.0.2.1", 5353, 53) for _ in range(20)]
        short = [packets.Frame(web[0].data[:20], {}) for _ in range(5)]
        packets.send(quiet_module_lab.peer, web + dns + short)
        wait_until(lambda: seen(daemon) == 325, 5, "325 counted frames in the log")
        yield daemon


def test_counters_are_those_of_the_status(daemon):
    (interface,) = daemon.status()["interfaces"]
    told = {count["kind"]: count["frames"] for count in lines(daemon, "counters") if "value" not in count}
    for kind, name in [("seen", "frames"), ("counted", "counted"), ("sampled", "sampled"), ("keyed", "keyed")]:
        assert told.get(kind, 0) == interface["counters"][name], kind


def test_protocols_and_malformed_frames_are_told_apart(daemon):
    counts = lines(daemon, "counters", "--kinds", "ipProtocol,malformed")
    protocols = {count["value"]: count["frames"] for count in counts if count["kind"] == "ipProtocol"}
    assert (protocols[6], protocols[17]) == (300, 20)
    assert [(c["reason"], c["frames"]) for c in counts if c["kind"] == "malformed"] == [("truncatedL3", 5)]


@pytest.mark.parametrize("kind", ["frameLength", "ttl", "trafficClass", "tcpFlags", "window"])
def test_a_histogram_has_every_packet(daemon, kind):
    frames = sum(count["frames"] for count in lines(daemon, "histogram", kind))
    assert frames == {"frameLength": 325, "tcpFlags": 300, "window": 300}.get(kind, 320)


def test_buckets_of_time_add_up(daemon):
    counts = lines(daemon, "histogram", "ttl", "--every", "1s")
    assert all(count["bucket"] % 1_000_000_000 == 0 for count in counts)
    assert sum(count["frames"] for count in counts) == 320


def test_counters_of_a_directory_need_no_daemon(daemon):
    arguments = ("counters", "--kinds", "seen", "--directory", str(daemon.state))
    assert [count["frames"] for count in lines(daemon, *arguments)] == [325]


def test_a_table_says_what_values_mean(daemon):
    table = daemon.hdrctl("histogram", "ipProtocol").stdout.splitlines()
    assert table[0].split() == ["IFACE", "DIR", "KIND", "VALUE", "FRAMES", "BYTES", "SHARE"]
    assert [row.split()[3:5] for row in table[1:]] == [["tcp", "300"], ["udp", "20"]]
    assert len(daemon.hdrctl("counters", "-o", "csv").stdout.splitlines()) > 5


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["histogram", "ttk"], "there is malformed"),
        (["counters", "--kinds", "seen,sean"], 'no "sean"'),
        (["counters", "--direction", "up"], "in or out"),
        (["counters", "--every", "soon"], "not a time"),
    ],
)
def test_what_cannot_be_asked_is_told(daemon, arguments, words):
    result = daemon.hdrctl(*arguments, check=False)
    assert result.returncode == 64
    assert words in result.stderr
