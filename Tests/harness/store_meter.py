"""StoreMeter: what the store costs, by a clock that runs faster than the real one."""

import pathlib

from .commands import PROJECT, run
from .loop import loop_disk

METER = PROJECT / ".build/release/StoreMeter"
DAY = 86_400
# Seconds between flushes, syncs and intervals of flows: as the preset for appliances has them, and by default.
APPLIANCE = (1, 300, 1200)
SERVER = (1, 5, 10)


def device(folder: pathlib.Path, rate: int, seconds: int, settings) -> tuple[int, int]:
    """Writes headers to a disk of its own; bytes that reached the device, and those that are stored."""
    with loop_disk(folder) as disk:
        before = disk.written()
        told = run(METER, "device", disk.mount_point / "log", rate, seconds, *settings, timeout=400)
        return disk.written() - before, int(told.stdout.split()[0])


def megabytes_a_day(folder: pathlib.Path, settings, share: int = 1) -> float:
    """At 10 headers a second, from a share of a day."""
    written, _ = device(folder, 10, DAY // share, settings)
    return share * written / 1e6


def written_of_stored(folder: pathlib.Path, settings, seconds: int = 3600) -> float:
    """At 1,000 headers a second."""
    written, stored = device(folder, 1000, seconds, settings)
    return written / stored
