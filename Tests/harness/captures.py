"""Capture files: reading pcap and pcapng, the corpus and its ground truth, sending a capture's frames."""

import dataclasses
import gzip
import os
import pathlib
import shutil
import struct
import subprocess

from .commands import PROJECT, run
from .lab import Host

ETHERNET = 1


@dataclasses.dataclass(frozen=True)
class Captured:
    """A frame as a capture file has it."""

    time: int  # UTC nanoseconds
    length: int  # bytes of the whole frame
    data: bytes
    interface: str = ""
    inbound: bool | None = None


def read_pcap(path: pathlib.Path) -> list[Captured]:
    """A classic file of either byte order and resolution."""
    data = path.read_bytes()
    order = "<" if data[:1] in (b"\xd4", b"\x4d") else ">"
    magic, *_, link = struct.unpack_from(order + "IHHiIII", data)
    factor = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[magic]
    assert link == ETHERNET, f"link type {link}"
    frames, offset = [], 24
    while offset + 16 <= len(data):
        seconds, fraction, captured, length = struct.unpack_from(order + "IIII", data, offset)
        offset += 16
        if offset + captured > len(data):
            break
        frames.append(Captured(seconds * 10**9 + fraction * factor, length, data[offset : offset + captured]))
        offset += captured
    return frames


def write_pcap(path: pathlib.Path, frames: list[bytes]):
    """A second apart, as if nothing had been cut off."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, ETHERNET))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame)


def read_pcapng(path: pathlib.Path) -> list[Captured]:
    """A little-endian file; every length in it must be right (draft-ietf-opsawg-pcapng)."""
    data = path.read_bytes()
    interfaces, frames, offset = [], [], 0
    while offset < len(data):
        kind, length = struct.unpack_from("<II", data, offset)
        assert length % 4 == 0 and length >= 12, f"block of {length} bytes at {offset}"
        assert struct.unpack_from("<I", data, offset + length - 4) == (length,), "the two lengths of a block"
        body = data[offset + 8 : offset + length - 4]
        if offset == 0:
            assert kind == 0x0A0D0D0A and struct.unpack_from("<I", body) == (0x1A2B3C4D,), "no section header"
        elif kind == 1:
            options = _options(body[8:])
            assert options[9] == b"\x09", "time stamps are not nanoseconds"
            interfaces.append((options[2].decode(), struct.unpack_from("<H", body)[0]))
        elif kind == 6:
            number, high, low, captured, original = struct.unpack_from("<IIIII", body)
            options = _options(body[20 + (captured + 3) // 4 * 4 :])
            name, link = interfaces[number]
            assert link == ETHERNET, f"link type {link}"
            inbound = struct.unpack("<I", options[2])[0] & 3 == 1
            frames.append(Captured(high << 32 | low, original, body[20 : 20 + captured], name, inbound))
        else:
            raise AssertionError(f"block of type {kind:#x}")
        offset += length
    return frames


def _options(data: bytes) -> dict[int, bytes]:
    options = {}
    while data:
        code, length = struct.unpack_from("<HH", data)
        if code == 0:
            return options
        options[code] = data[4 : 4 + length]
        data = data[4 + (length + 3) // 4 * 4 :]
    return options


# MARK: the corpus

_places = [os.environ.get("HDRLOG_CORPUS"), PROJECT.parent / "shared/corpus"]
CORPUS = next((pathlib.Path(path) for path in _places if path and (pathlib.Path(path) / "SOURCES.tsv").exists()), None)
NO_CORPUS = "no corpus: set HDRLOG_CORPUS or put one at ../shared/corpus"


def truth(capture: pathlib.Path) -> list[dict[str, str]]:
    """A row for each frame: columns that are not empty."""
    with gzip.open(capture.with_suffix(".tsv.gz"), "rt") as file:
        columns = file.readline().rstrip("\n").split("\t")
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [{name: value for name, value in zip(columns, row, strict=True) if value} for row in rows]


# MARK: tshark

TSHARK = shutil.which("tshark")
NO_TSHARK = "tshark is not installed"


def read_by_tshark(path: pathlib.Path, *fields: str, options: tuple[str, ...] = ()) -> list[dict[str, list[str]]]:
    """What another decoder reads there: fields that are there, with all their values. It must not complain."""
    wanted = [word for field in ("frame.number", *fields) for word in ("-e", field)]
    form = ["-T", "fields", "-E", "aggregator=|", *wanted]
    result = run(TSHARK, "-n", *options, "-r", path, *form, timeout=300)
    complaints = [line for line in result.stderr.splitlines() if "Running as user" not in line]
    assert complaints == []
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    return [{name: value.split("|") for name, value in zip(fields, row[1:], strict=True) if value} for row in rows]


# MARK: sending

SEND = """
import socket, struct, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
data = memoryview(sys.stdin.buffer.read())
offset = 0
while offset < len(data):
    (length,) = struct.unpack_from("<I", data, offset)
    wire.send(data[offset + 4 : offset + 4 + length])
    offset += 4 + length
"""


def send(host: Host, frames: list[bytes]):
    """Puts frames on the host's wire in their order, all from one processor: so they arrive in order."""
    data = b"".join(struct.pack("<I", len(frame)) + frame for frame in frames)
    command = [*host.prefix(), "taskset", "1", "/usr/bin/python3", "-c", SEND, host.device]
    result = subprocess.run(command, input=data, capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr.decode()
