"""What the daemon may cost: files, libraries, memory, time to start. Measured on the release binaries."""

import pathlib
import re
import threading
import time

import pytest

from harness.commands import HDRCTL, HDRGEN, HDRLOGD, PROJECT, run
from harness.daemon import Daemon

MEBIBYTE = 1 << 20
EXTENSION = PROJECT / ".build/release/libhdrlog.so"

# glibc, the compiler's runtime, what the project asks for, and what libsystemd and libbpf bring along.
ALLOWED = {
    "libc",
    "libm",
    "libgcc_s",
    "libstdc++",
    "linux-vdso",
    "ld-linux-x86",
    "ld-linux-aarch",
    "libbpf",
    "libelf",
    "libz",
    "libsqlite3",
    "libzstd",
    "libsystemd",
    "libcap",
    "libgcrypt",
    "libgpg-error",
    "liblzma",
    "liblz4",
}


@pytest.mark.parametrize("binary", [HDRLOGD, HDRCTL, EXTENSION], ids=lambda path: path.name)
def test_a_release_binary_links_system_libraries_only(binary):
    linked = set(re.findall(r"^\s*(?:/\S*/)?([\w+.-]+?)(?:-\d[\d.]*)?\.so", run("ldd", binary).stdout, re.MULTILINE))
    assert linked - ALLOWED == set()


@pytest.mark.parametrize("binary", [HDRLOGD, HDRCTL], ids=lambda path: path.name)
def test_a_stripped_binary_keeps_to_its_size(binary, folder):
    run("strip", "--strip-unneeded", "-o", folder / "stripped", binary)
    size = (folder / "stripped").stat().st_size
    print(f"{binary.name}: {size / MEBIBYTE:.1f} MiB stripped")
    assert size <= 24 * MEBIBYTE


def test_start_to_ready_takes_less_than_half_a_second(lab, folder):
    daemon = Daemon(lab.logged, folder)
    times = []
    for _ in range(5):
        daemon.start()
        times.append(daemon.seconds_to_ready)
        daemon.stop()
    print("start to READY:", " ".join(f"{seconds * 1000:.0f} ms" for seconds in times))
    assert sorted(times)[2] < 0.5


def memory(pid: int) -> dict[str, int]:
    """Resident bytes: all, and those of the ring buffers' mappings."""
    rss = rings = 0
    in_ring = False
    with open(f"/proc/{pid}/smaps") as maps:
        for line in maps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                in_ring = "anon_inode:bpf-map" in line
            elif line.startswith("Rss:"):
                size = int(line.split()[1]) * 1024
                rss += size
                rings += size if in_ring else 0
    return {"rss": rss, "rings": rings}


def test_an_idle_daemon_is_small_and_sleeps(quiet_lab, folder):
    with Daemon(quiet_lab.logged, folder) as daemon:
        time.sleep(3)
        pid = daemon.process.pid
        before, spent = switches(pid), cpu_seconds(pid)
        time.sleep(10)
        awake, busy = (switches(pid) - before) / 10, (cpu_seconds(pid) - spent) * 10
        used = memory(pid)
    print(
        f"idle: {used['rss'] / MEBIBYTE:.1f} MiB resident, {used['rings'] / MEBIBYTE:.1f} of it rings; "
        f"{awake:.0f} wake-ups/s, {busy:.3f} % of a core"
    )
    assert used["rss"] - used["rings"] <= 32 * MEBIBYTE
    # The drain loop's 2.5, which wait for the first record; the store's and the watch's one each.
    assert awake <= 12
    assert busy <= 0.2


def test_a_busy_daemon_keeps_to_its_memory(quiet_lab, folder):
    with Daemon(quiet_lab.logged, folder, capture__direction="in", capture__hook="native") as daemon:
        greatest, rates = {"rss": 0, "rings": 0}, []
        sender = threading.Thread(target=send, args=(quiet_lab.peer, 5_000_000, "--flows", 60_000))
        begun = time.monotonic()
        sender.start()
        while sender.is_alive():
            greatest = max(greatest, memory(daemon.process.pid), key=lambda used: used["rss"])
            time.sleep(0.1)
        rates.append(5_000_000 / (time.monotonic() - begun))
        counters = daemon.counters()
    print(
        f"{rates[0] / 1e6:.2f} M headers/s: {greatest['rss'] / MEBIBYTE:.1f} MiB resident, "
        f"{greatest['rings'] / MEBIBYTE:.1f} of it rings; {counters['ringLost']} lost in rings"
    )
    assert counters["frames"] == 5_000_000
    assert greatest["rss"] <= 96 * MEBIBYTE


def send(host, count: int, *options):
    host.run(HDRGEN, "--interface", host.device, "--count", count, *options, timeout=120)


def switches(pid: int) -> int:
    """Voluntary context switches of all threads."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read_text(), re.MULTILINE).group(1))
    return total


def cpu_seconds(pid: int) -> float:
    """Time on a processor, of all threads."""
    times = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(schedstat.read_text().split()[0]) for schedstat in times) / 1e9
