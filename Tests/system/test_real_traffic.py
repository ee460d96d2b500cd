"""Traffic of real programs, both ways: the log has what tcpdump saw, and reads it as tshark does."""

import contextlib
import json
import shutil
import signal
import subprocess

import pytest

from harness import captures, dissection
from harness.commands import wait_until
from harness.daemon import Daemon
from harness.fidelity import adds_up, export

pytestmark = pytest.mark.skipif(
    not (captures.TSHARK and shutil.which("tcpdump")), reason="tshark and tcpdump are not installed"
)


# The kernel sends them when it likes, and so perhaps between the end of the one log and that of the other.
MULTICAST_REPORTS = "33:33:00:00:00:16"


def ping(lab):
    lab.peer.run("ping", "-c", "3", "-i", "0.05", lab.logged.ipv4)
    lab.peer.run("ping", "-6", "-c", "3", "-i", "0.05", lab.logged.ipv6)


def fragments(lab):
    """Echo requests of 4000 bytes: three fragments each way."""
    lab.peer.run("ping", "-c", "2", "-i", "0.05", "-s", "4000", lab.logged.ipv4)
    lab.peer.run("ping", "-6", "-c", "2", "-i", "0.05", "-s", "4000", lab.logged.ipv6)


def http(lab):
    """A file of 300 kB over TCP, with what offload makes of it."""
    serve = [*lab.logged.prefix(), "/usr/bin/python3", "-m", "http.server", "--bind", "::", "8080"]
    with subprocess.Popen(serve, cwd="/usr/share/common-licenses", stderr=subprocess.DEVNULL) as server:
        try:
            for address in (lab.logged.ipv4, f"[{lab.logged.ipv6}]"):
                url = f"http://{address}:8080/GPL-3"
                lab.peer.run(
                    "curl", "-gsf", "--retry", "20", "--retry-connrefused", "--retry-delay", "0", "-o", "/dev/null", url
                )
        finally:
            server.terminate()


def closed_ports(lab):
    """RST and ICMP errors."""
    lab.peer.run("curl", "-s", "-m", "2", f"http://{lab.logged.ipv4}:81/", check=False)
    lab.peer.run("/usr/bin/python3", "-c", UDP_TO_NOBODY, lab.logged.ipv4)
    lab.peer.run("/usr/bin/python3", "-c", UDP_TO_NOBODY, lab.logged.ipv6)


UDP_TO_NOBODY = """
import socket, sys
family = socket.getaddrinfo(sys.argv[1], 0)[0][0]
with socket.socket(family, socket.SOCK_DGRAM) as sender:
    sender.sendto(b"question", (sys.argv[1], 53))
"""


def tunnel(lab):
    """GRE with a key, and what the kernel puts into it."""
    ends = ((lab.logged, lab.peer, 1), (lab.peer, lab.logged, 2))
    for here, there, number in ends:
        here.run(
            "ip", "tunnel", "add", "gre1", "mode", "gre", "remote", there.ipv4, "local", here.ipv4, "key", "77", "seq"
        )
        here.run("ip", "address", "add", f"10.9.9.{number}/24", "dev", "gre1")
        here.run("ip", "link", "set", "gre1", "up")
    lab.peer.run("ping", "-c", "3", "-i", "0.05", "10.9.9.1")


def ipsec(lab):
    """ESP one way, AH the other."""
    for here in (lab.logged, lab.peer):
        for source, destination, kind in ((lab.peer, lab.logged, "esp"), (lab.logged, lab.peer, "ah")):
            state = ["src", source.ipv6, "dst", destination.ipv6, "proto", kind, "spi", "0x1234"]
            keys = ["auth", "hmac(sha256)", "0x" + "11" * 32]
            if kind == "esp":
                keys += ["enc", "cbc(aes)", "0x" + "22" * 16]
            here.run("ip", "xfrm", "state", "add", *state, "mode", "transport", *keys)
            way = "out" if here is source else "in"
            here.run(
                "ip",
                "xfrm",
                "policy",
                "add",
                "src",
                source.ipv6,
                "dst",
                destination.ipv6,
                "dir",
                way,
                "tmpl",
                "proto",
                kind,
                "mode",
                "transport",
            )
    lab.peer.run("ping", "-6", "-c", "3", "-i", "0.05", lab.logged.ipv6)


TRAFFIC = {each.__name__: each for each in (ping, fragments, http, closed_ports, tunnel, ipsec)}


@contextlib.contextmanager
def tcpdump(host, path):
    """Captures whole frames until the block ends."""
    command = [
        *host.prefix(),
        "tcpdump",
        "--immediate-mode",
        "-i",
        host.device,
        "-U",
        "-s",
        "0",
        "-B",
        "16384",
        "-w",
        str(path),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert "listening" in process.stderr.readline()
            yield
        finally:
            process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert "\n0 packets dropped by kernel" in said, said


@pytest.mark.parametrize("kind", TRAFFIC)
def test_the_log_has_what_tcpdump_saw(lab, folder, kind):
    with Daemon(lab.logged, folder) as daemon:
        with tcpdump(lab.logged, folder / "seen.pcap"):
            try:
                TRAFFIC[kind](lab)
            except AssertionError as error:
                if any(word in str(error) for word in ("not supported", "No such device", "type not found")):
                    pytest.skip(f"this kernel has no {kind}: {str(error).splitlines()[-1]}")
                raise
            settled(daemon)
        text = export(daemon, folder, "--format", "json").read_text()
    records = [json.loads(line) for line in text.splitlines()]
    records = [record for record in records if record["destinationMac"] != MULTICAST_REPORTS]
    seen = captures.read_pcap(folder / "seen.pcap")
    expected = dissection.read(folder / "seen.pcap")
    print(f"{len(seen)} frames seen, {len(records)} records")
    wrong = []
    for frame, want in zip(seen, expected, strict=True):
        if want["destinationMac"] == MULTICAST_REPORTS:
            continue
        found = [record for record in records if is_of(record, frame)]
        if not found:
            wrong.append(f"not logged: {frame.data[:80].hex()}")
            continue
        best = min(found, key=lambda record: abs(record["time"] - frame.time))
        records.remove(best)
        wrong += dissection.differences(want, best)
    assert wrong == []
    assert records == [], "logged, but not seen by tcpdump"


def is_of(record, frame) -> bool:
    return record["frameLength"] == frame.length and frame.data.startswith(bytes.fromhex(record["headers"]))


def settled(daemon):
    """Waits until no more frames come and all are stored."""
    last = None

    def is_quiet():
        nonlocal last
        counters = [entry["counters"] for entry in daemon.status()["interfaces"]]
        before, last = last, [counter["frames"] for counter in counters]
        return before == last and all(adds_up(counter) for counter in counters)

    wait_until(is_quiet, 10, "the wire is quiet and everything is stored")
