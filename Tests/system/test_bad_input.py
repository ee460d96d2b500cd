"""What is wrong is told in one clear line, with a status that is not zero, and nothing is lost by it."""

import random
import re
import socket

import pytest

from harness import packets
from harness.commands import HDRCTL, HDRLOGD, run
from harness.daemon import Daemon


def complaint(result) -> str:
    """The one line that a failed command said."""
    assert result.returncode != 0, result.stdout
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_a_configuration_that_is_missing_is_named(folder):
    said = complaint(run(HDRLOGD, "--config", folder / "absent.toml", check=False))
    assert "absent.toml" in said


@pytest.mark.parametrize(
    "text, fault",
    [
        ('[capture]\nsampling_rate = "ten"\n', r"c\.toml:2: capture\.sampling_rate"),
        ("[storage]\n\nmax_use = true\n", r"c\.toml:3: storage\.max_use"),
        ("[capture]\nsample_rate = 1\n", r"capture\.sample_rate.*sampling_rate"),
        ("[capture\n", r"c\.toml:1"),
    ],
    ids=["a string for a number", "a boolean for a size", "an unknown key", "no TOML"],
)
def test_a_wrong_configuration_is_told_with_file_line_and_key(folder, text, fault):
    file = folder / "c.toml"
    file.write_text(text)
    for option in ([], ["--check-config"]):
        assert re.search(fault, complaint(run(HDRLOGD, *option, "--config", file, check=False, timeout=10)))


@pytest.fixture(scope="module")
def module_daemon(module_lab, module_folder):
    with Daemon(module_lab.logged, module_folder) as daemon:
        yield daemon


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "yesteryear"],
        ["--until", "12 parsecs"],
        ["--src", "10.0.0.0/33"],
        ["--host", "300.1.1.1"],
        ["--port", "70000"],
        ["--proto", "tpc"],
        ["--limit", "-1"],
        ["tcp and and"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_of_a_query_is_told(module_daemon, arguments):
    result = module_daemon.hdrctl("query", *arguments, check=False)
    assert result.returncode != 0
    assert arguments[-1].split()[-1] in result.stderr.splitlines()[0]


def test_a_daemon_that_is_not_running_is_told(folder):
    for command in ("query", "status"):
        said = complaint(run(HDRCTL, command, "--socket", folder / "nobody.sock", check=False))
        assert "nobody.sock" in said


def test_no_permission_on_the_socket_is_told(lab, folder):
    folder.chmod(0o755)
    with Daemon(lab.logged, folder) as daemon:
        result = run(
            "setpriv",
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
            HDRCTL,
            "status",
            "--socket",
            daemon.socket,
            check=False,
        )
    assert "ermission" in complaint(result)


def test_garbage_on_the_socket_hurts_nobody(lab, folder):
    chance = random.Random(1)
    with Daemon(lab.logged, folder, capture__direction="in") as daemon:
        garbage = [
            b"\0",
            b"{}\0",
            b"[1,2]\0",
            b'{"method":1}\0',
            b'{"method":"io.hdrlog.Nothing"}\0',
            b"{" * 100000,
            b"GET / HTTP/1.1\r\n\r\n",
            b'{"method":"io.hdrlog.Query","parameters":{"limit":-1}}\0',
            *(chance.randbytes(chance.randrange(1, 5000)) for _ in range(50)),
            b"x" * (32 << 20),
        ]
        for data in garbage:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2)
                client.connect(str(daemon.socket))
                try:
                    client.sendall(data)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except (BrokenPipeError, ConnectionResetError):
                    pass
        packets.send(lab.peer, [packets.udp("198.51.100.7", "192.0.2.1", 1, 9)])
        daemon.wait_for_records(1, "--dport", "9")
