"""Sending frames to a daemon and getting back what it has logged of them."""

import contextlib
import subprocess
import time

from . import captures
from .commands import HDRCTL, wait_until
from .daemon import Daemon

# Jumbo frames, which XDP gets in several pieces.
MTU = 9000
LARGEST = MTU + 14


@contextlib.contextmanager
def logging(lab, folder, sent, hook):
    """A daemon that has logged these frames, and the times before and after they were sent."""
    for host in (lab.logged, lab.peer):
        host.run("ip", "link", "set", host.device, "mtu", MTU)
    with Daemon(lab.logged, folder, capture__direction="in", capture__hook=hook) as daemon:
        before = time.time_ns()
        captures.send(lab.peer, sent)
        after = time.time_ns()
        wait_until(lambda: daemon.counters()["frames"] >= len(sent), 10, f"{len(sent)} frames are counted")
        wait_until(lambda: adds_up(daemon.counters()), 10, "what was sampled is in the store")
        yield daemon, before, after


def adds_up(counters) -> bool:
    return counters["sampled"] == counters["stored"] + counters["waiting"]


def export(daemon, folder, *arguments):
    """What `hdrctl export` writes, and the file; the command must succeed."""
    path = folder / "export"
    with path.open("wb") as file:
        command = [str(HDRCTL), "export", "--quiet", "--socket", str(daemon.socket), *arguments]
        result = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, timeout=120)
    assert (result.returncode, result.stderr) == (0, b"")
    return path


def sendable_corpus(without=()) -> tuple[list[bytes], list[dict]]:
    """The corpus' frames that a wire of this MTU carries, and the ground truth of each; `without` names captures."""
    sent, rows = [], []
    for path in sorted(captures.CORPUS.glob("*.pcap")):
        if path.name in without:
            continue
        for frame, row in zip(captures.read_pcap(path), captures.truth(path), strict=True):
            if 14 <= len(frame.data) <= LARGEST:
                sent.append(frame.data)
                rows.append(row)
    return sent, rows
