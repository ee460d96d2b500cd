"""What was sent is what a query answers, field by field."""

import csv
import io
import shlex
import subprocess
import time

import pytest

from harness import packets
from harness.commands import HDRCTL
from harness.daemon import Daemon

V4, V6 = ("198.51.100.7", "192.0.2.1"), ("2001:db8:1::7", "2001:db8::1")

SENT = [
    packets.tcp(*V4, 40000, 443, mss=1460, sequence=0xFFFFFFF0, identification=7),
    packets.tcp(*V4, 40000, 443, flags=0x18, sequence=5, acknowledgment=9, payload=b"GET", ttl=3),
    packets.tcp(*V6, 40001, 443, mss=1440),
    packets.udp(*V4, 5353, 53, payload=b"question"),
    packets.udp(*V6, 5354, 53, payload=b"question"),
    packets.udp(*V4, 5355, 123, vlan=42, priority=5),
    packets.udp("198.51.100.200", "192.0.2.1", 5356, 123),
]


@pytest.fixture(scope="module")
def logged(module_lab, module_folder):
    """A daemon that has logged SENT."""
    with Daemon(module_lab.logged, module_folder, capture__direction="in") as daemon:
        packets.send(module_lab.peer, SENT)
        daemon.wait_for_records(len(SENT), f"ether src {packets.SOURCE_MAC}")
        yield daemon


# Arguments as one types them in a shell: numbers of the frames in SENT.
ANSWERS = {
    "--proto tcp": [0, 1, 2],
    "--proto udp": [3, 4, 5, 6],
    "--host 198.51.100.7": [0, 1, 3, 5],
    "--src 198.51.100.0/24": [0, 1, 3, 5, 6],
    "--dst 2001:db8::1": [2, 4],
    "--src 2001:db8:1::/48 --proto udp": [4],
    "--port 53": [3, 4],
    "--sport 40000": [0, 1],
    "--dport 123": [5, 6],
    "--proto tcp --limit 2": [0, 1],
    "--proto tcp --reverse": [2, 1, 0],
    "--interface logged --dport 443": [0, 1, 2],
    "'vlan 42'": [5],
    "'ttl < 10 and tcp'": [1],
}


@pytest.mark.parametrize("question", ANSWERS)
def test_a_query_returns_exactly_the_packets_sent(logged, question):
    """In their order, and with every field as it was sent."""
    found = logged.query(*shlex.split(question), "--since", "10m")
    records = [record for record in found if record.get("sourceMac") == packets.SOURCE_MAC]
    expected = [SENT[number] for number in ANSWERS[question]]
    assert len(records) == len(expected), found
    assert [frame.differences(record) for frame, record in zip(expected, records, strict=True)] == [
        [] for _ in expected
    ]


def test_a_time_range_returns_what_was_sent_in_it(logged, module_lab):
    time.sleep(0.2)
    before = time.time_ns()
    packets.send(module_lab.peer, [packets.udp(*V4, 9000 + number, 9) for number in range(5)])
    after = time.time_ns()
    logged.wait_for_records(5, "--dport", "9")
    found = logged.query("--dport", "9")
    assert sorted(record["sourcePort"] for record in found) == [9000, 9001, 9002, 9003, 9004]
    since, until = (iso8601(stamp) for stamp in (before, after))
    assert len(logged.query("--dport", "9", "--since", since, "--until", until)) == 5
    assert logged.query("--dport", "9", "--until", since) == []
    assert logged.query("--dport", "9", "--since", iso8601(after + 1)) == []


def iso8601(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}Z"


def test_a_table_and_csv_have_a_line_a_header(logged):
    table = logged.hdrctl("query", "--proto", "tcp", "--since", "10m", "-o", "table").stdout
    assert sum("443" in line for line in table.splitlines()) == 3
    rows = list(csv.DictReader(io.StringIO(logged.hdrctl("query", "--proto", "tcp", "-o", "csv").stdout)))
    assert [row["sourcePort"] for row in rows] == ["40000", "40000", "40001"]


def test_follow_shows_packets_as_they_come(logged, module_lab):
    tail = subprocess.Popen(
        [HDRCTL, "query", "--socket", logged.socket, "--dport", "7777", "--follow", "-o", "json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(0.3)
        packets.send(module_lab.peer, [packets.udp(*V4, 1, 7777)])
        assert '"destinationPort":7777' in tail.stdout.readline().replace(" ", "")
    finally:
        tail.kill()
        tail.wait()
