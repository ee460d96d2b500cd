"""Whatever comes by the wire is counted, and nothing that it says reaches a terminal as it is."""

import csv
import io
import json
import random

import pytest

from harness import captures, frames
from harness.fidelity import adds_up, export, logging

TYPES = ["0800", "86dd", "0806", "8035", "8100", "88a8", "9100", "8847", "0040", "ffff"]


def noise(seed: int) -> list[bytes]:
    """Frames of every length from 14 to 1500 bytes: random, or a good one with changes, or cut."""
    draw = random.Random(seed)
    made = []
    for length in range(14, 1501):
        frame = bytearray(draw.randbytes(length))
        if draw.random() < 0.8:
            frame[12:14] = bytes.fromhex(draw.choice(TYPES))
        if length > 14 and draw.random() < 0.5:
            frame[14] = draw.choice([0x45, 0x46, 0x4F, 0x60, 0x6F])
        made.append(bytes(frame))
    for good in frames.every_kind() * 20:
        frame = bytearray(good[:1500])
        for _ in range(draw.randint(1, 6)):
            frame[draw.randrange(12, len(frame))] = draw.randrange(256)
        made.append(bytes(frame[: draw.randint(14, len(frame))]))
    draw.shuffle(made)
    return made


@pytest.mark.parametrize("hook", ["tc", "native", "generic"])
def test_hostile_frames_are_all_counted_and_kept(quiet_lab, folder, hook):
    """Each is seen, its record has its first bytes, and the sums are right; the daemon answers as before."""
    sent = noise(seed=7)
    if hook == "tc":
        sent = [frame for frame in sent if not (is_tagged(frame) and len(frame) < 20)]
    with logging(quiet_lab, folder, sent, hook) as (daemon, _, _):
        counters = daemon.counters()
        assert counters["frames"] == counters["sampled"] == len(sent)
        assert counters["bytes"] + stripped(sent, hook) == sum(map(len, sent))
        assert sum(counters["malformed"].values()) > 500
        assert adds_up(counters)
        exported = captures.read_pcapng(export(daemon, folder))
        assert len(exported) == len(sent)
        wrong = [(frame.hex(), kept) for frame, kept in zip(sent, exported, strict=True) if not is_of(kept, frame)]
        assert wrong[:3] == []
        assert daemon.query("--proto", "tcp", "--limit", "1")
        assert daemon.process.poll() is None


def is_of(kept: captures.Captured, frame: bytes) -> bool:
    return frame.startswith(kept.data) and kept.length == len(frame)


def is_tagged(frame: bytes) -> bool:
    """The kernel takes the tag off before tc sees the frame, and throws the frame away when it is too short for it."""
    return frame[12:14].hex() in ("8100", "88a8")


def stripped(sent: list[bytes], hook: str) -> int:
    return 4 * sum(map(is_tagged, sent)) if hook == "tc" else 0


def test_bytes_from_the_network_reach_no_terminal(quiet_lab, folder):
    """Tables, CSV and JSON are text without control characters, and JSON and CSV parse."""
    sent = noise(seed=8)
    with logging(quiet_lab, folder, sent, "native") as (daemon, _, _):
        table = daemon.hdrctl("query", "-o", "table").stdout
        comma = daemon.hdrctl("query", "-o", "csv").stdout
        lines = export(daemon, folder, "--format", "json").read_text()
    for output in (table, comma, lines):
        assert not {char for char in output if not (char == "\n" or " " <= char <= "~")} - SHOWN
    assert len(lines.splitlines()) == len([json.loads(line) for line in lines.splitlines()]) == len(sent)
    rows = list(csv.reader(io.StringIO(comma)))
    assert len(rows) == len(sent) + 1
    assert {len(row) for row in rows} == {len(rows[0])}


# What tables have beside ASCII.
SHOWN = set("→…·—–×")
