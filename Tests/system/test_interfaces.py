"""Interfaces that come, go, are renamed or move while the daemon runs, and those of other kinds than Ethernet."""

import json

import pytest

from harness import packets
from harness.commands import run, wait_until
from harness.daemon import Daemon

# From the kernel's event to the daemon's answer.
SOON = 1


def logged(daemon) -> dict[str, dict]:
    """The logged interfaces by name, received frames only."""
    return {entry["name"]: entry for entry in daemon.status()["interfaces"] if entry["direction"] == "in"}


def wait_for(daemon, *names):
    wait_until(lambda: set(logged(daemon)) == set(names), SOON, f"logging {names}, not {list(logged(daemon))}")


@pytest.fixture
def daemon(quiet_lab, folder):
    with Daemon(quiet_lab.logged, folder, capture__interfaces=["auto"], capture__direction="in") as daemon:
        yield daemon


def add_pair(host, name: str):
    host.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}x")
    host.run("ip", "link", "set", f"{name}x", "up")
    host.run("ip", "link", "set", name, "up")


def test_one_that_appears_and_vanishes_is_logged_meanwhile(quiet_lab, daemon):
    wait_for(daemon, "logged")
    add_pair(quiet_lab.logged, "late0")
    wait_for(daemon, "logged", "late0", "late0x")
    quiet_lab.logged.run("ip", "link", "delete", "late0")
    wait_for(daemon, "logged")


def test_one_that_is_renamed_is_logged_by_its_new_name(quiet_lab, daemon):
    quiet_lab.logged.run("ip", "link", "set", "logged", "down")
    quiet_lab.logged.run("ip", "link", "set", "logged", "name", "renamed")
    quiet_lab.logged.run("ip", "link", "set", "renamed", "up")
    wait_for(daemon, "renamed")
    packets.send(quiet_lab.peer, [packets.udp("198.51.100.7", "192.0.2.1", 1, 53)])
    (record,) = daemon.wait_for_records(1)
    assert record["interface"] == "renamed"


def test_one_that_moves_away_is_detached(quiet_lab, daemon):
    add_pair(quiet_lab.logged, "move0")
    wait_for(daemon, "logged", "move0", "move0x")
    quiet_lab.logged.run("ip", "link", "set", "move0", "netns", quiet_lab.peer.namespace)
    wait_for(daemon, "logged", "move0x")
    wait_until(lambda: "move0: no longer logged" in daemon.log(), SOON, "the log says so")
    shown = quiet_lab.peer.run("ip", "-details", "link", "show", "dev", "move0").stdout
    assert "prog/xdp" not in shown


def test_a_glob_selects_by_name(quiet_lab, folder):
    for name in ("uplink7", "other7"):
        add_pair(quiet_lab.logged, name)
    with Daemon(quiet_lab.logged, folder, capture__interfaces=["up*[0-9]"], capture__direction="in") as daemon:
        wait_for(daemon, "uplink7")


def test_loopback_is_logged_when_it_is_named(quiet_lab, folder):
    quiet_lab.logged.run("ip", "link", "set", "lo", "up")
    with Daemon(quiet_lab.logged, folder, capture__interfaces=["lo"], capture__direction="in") as daemon:
        quiet_lab.logged.run("ping", "-q", "-c", "3", "-i", "0.2", "127.0.0.1")
        records = daemon.wait_for_records(6, "--proto", "icmp")
        assert {record["source"] for record in records} == {"127.0.0.1"}


def test_a_tunnel_without_ethernet_is_logged_from_the_ip_header_on(quiet_lab, folder):
    host = quiet_lab.logged
    host.run("ip", "tuntap", "add", "tun7", "mode", "tun")
    host.run("ip", "address", "add", "203.0.113.1/30", "dev", "tun7")
    host.run("ip", "link", "set", "tun7", "up")
    with Daemon(host, folder, capture__interfaces=["tun7"], capture__direction="both") as daemon:
        run(*host.prefix(), "python3", "-c", TUNNEL)
        records = daemon.wait_for_records(2, "--proto", "udp")
        assert {record["direction"] for record in records} == {"in", "out"}
        for record in records:
            assert "sourceMac" not in record and record["ihl"] == 5 and record["destinationPort"] in (7777, 8888)


# Holds the tunnel's other end: sends a datagram into it, and one comes in from there.
TUNNEL = r"""
import fcntl, os, socket, struct
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"tun7", 0x1001))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("203.0.113.2", 7777))
udp = struct.pack("!HHHH", 5555, 8888, 8 + 2, 0) + b"in"
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton("203.0.113.2"),
                   socket.inet_aton("203.0.113.1"))
total = sum(struct.unpack("!10H", head))
total = (total & 0xFFFF) + (total >> 16)
os.write(tun, head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:] + udp)
"""


def test_another_xdp_program_is_left_alone(quiet_lab, folder):
    host = quiet_lab.logged
    host.run("python3", "-c", FOREIGN.format(device=host.device))
    before = host.run("ip", "-details", "link", "show", "dev", host.device).stdout
    assert "prog/xdp" in before
    with Daemon(host, folder, capture__direction="in", capture__hook="native") as daemon:
        entry = logged(daemon)[host.device]
        assert entry["hook"] == "tc" and "taken by another program" in entry["reason"]
        packets.send(quiet_lab.peer, [packets.udp("198.51.100.7", "192.0.2.1", 1, 53)])
        daemon.wait_for_records(1)
    assert "prog/xdp" in host.run("ip", "-details", "link", "show", "dev", host.device).stdout


# Attaches a program that lets everything pass, by netlink, so that it stays: r0 = XDP_PASS; exit.
FOREIGN = """
import ctypes, struct, socket
libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(struct.pack("<BBhi", 0xB7, 0, 0, 2) + struct.pack("<BBhi", 0x95, 0, 0, 0))
text = ctypes.create_string_buffer(b"GPL")
attribute = struct.pack("<IIQQIIQII", 6, 2, ctypes.addressof(code), ctypes.addressof(text), 0, 0, 0, 0, 0)
attribute = ctypes.create_string_buffer(attribute.ljust(128, b"\\0"))
program = libc.syscall(321, 5, attribute, 128)
assert program >= 0, ctypes.get_errno()
index = socket.if_nametoindex("{device}")
nested = struct.pack("<HHi", 8, 1, program) + struct.pack("<HHI", 8, 3, 4)
body = struct.pack("<BBHiII", 0, 0, 0, index, 0, 0) + struct.pack("<HH", 4 + len(nested), 43 | 0x8000) + nested
link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
link.send(struct.pack("<IHHII", 16 + len(body), 19, 5, 1, 0) + body)
answer = link.recv(4096)
assert struct.unpack_from("<i", answer, 16)[0] == 0, answer
"""


def test_jumbo_frames_are_logged_by_native_xdp(quiet_lab, folder):
    for host in (quiet_lab.logged, quiet_lab.peer):
        host.run("ip", "link", "set", host.device, "mtu", "9000")
    with Daemon(quiet_lab.logged, folder, capture__direction="in", capture__hook="native") as daemon:
        assert logged(daemon)["logged"]["mode"] == "native", json.dumps(logged(daemon))
        packets.send(quiet_lab.peer, [packets.udp("198.51.100.7", "192.0.2.1", 1, 53, payload=b"x" * 8000)])
        (record,) = daemon.wait_for_records(1)
        assert record["frameLength"] == 8042 and record["udpLength"] == 8008


def test_an_interface_can_have_a_hook_and_a_direction_of_its_own(quiet_lab, folder):
    add_pair(quiet_lab.logged, "own0")
    daemon = Daemon(quiet_lab.logged, folder, capture__interfaces=["auto"], capture__direction="in")
    table = '[[interface]]\nmatch = "own0"\nhook = "generic"\ndirection = "both"\n'
    daemon.config.write_text(daemon.config.read_text() + table)
    with daemon:
        entries = {(entry["name"], entry["direction"]): entry for entry in daemon.status()["interfaces"]}
        assert entries["own0", "in"]["mode"] == "generic" and ("own0", "out") in entries
        assert entries["logged", "in"]["hook"] == "tc" and ("logged", "out") not in entries


# A link layer of its own (ARPHRD_NETLINK) for a tun device: TUNSETIFF with IFF_TUN | IFF_NO_PI, then TUNSETLINK.
ODD = """
import fcntl, struct
with open("/dev/net/tun", "r+b", buffering=0) as tun:
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"odd0", 0x1001))
    fcntl.ioctl(tun, 0x400454CD, 824)
"""


def test_one_that_cannot_be_logged_is_told_and_does_not_keep_the_daemon_from_being_ready(quiet_lab, folder):
    host = quiet_lab.logged
    host.run("ip", "tuntap", "add", "mode", "tun", "name", "odd0")
    host.run("/usr/bin/python3", "-c", ODD)
    with Daemon(host, folder, capture__interfaces=["logged", "odd0"], capture__direction="in") as daemon:
        status = daemon.status()
        assert {entry["name"] for entry in status["interfaces"]} == {"logged"}
        reason = "odd0: its link layer is neither Ethernet nor IP"
        assert status["refused"] == [{"name": "odd0", "reason": reason}]
        assert f"odd0 is not logged: {reason}" in daemon.hdrctl("status").stdout
        assert daemon.log().count("not logged:") == 1
        host.run("ip", "link", "delete", "odd0")
        gone = [{"name": "odd0", "reason": "odd0: there is no such interface yet"}]
        wait_until(lambda: daemon.status()["refused"] == gone, SOON, "another reason")


def test_one_that_does_not_exist_yet_is_told_and_logged_as_soon_as_it_comes(quiet_lab, folder):
    """At boot the service may come before the interface."""
    with Daemon(quiet_lab.logged, folder, capture__interfaces=["late0"], capture__direction="in") as daemon:
        assert daemon.status()["refused"] == [{"name": "late0", "reason": "late0: there is no such interface yet"}]
        assert daemon.log().count("not logged: late0: there is no such interface yet") == 1
        add_pair(quiet_lab.logged, "late0")
        wait_until(lambda: [entry["name"] for entry in daemon.status()["interfaces"]] == ["late0"], SOON, "late0")
        assert daemon.status()["refused"] == []
