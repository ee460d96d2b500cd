#!/usr/bin/python3
"""What the whole way costs: from the wire into the store, beside the same wire without it (root).

    end_to_end.py [--seconds 30] [--pairs 20] [--only rates,tcpdump,tcp] [RESULTS.json]

e2e_pps          frames/s of one flow that are all stored, none lost, for so many seconds
e2e_vs_empty     the same as a share of what the wire carries into the stack with an empty XDP program (empty_pps);
                 a UDP socket gets the frames, as on a host that they are meant for
e2e_vs_empty_64k of 65,535 flows drawn log-uniformly
e2e_vs_discard   one flow, of frames for another host, which the stack throws away at once
e2e_lost         frames lost at those rates: 0
tcpdump_vs_empty of tcpdump -s 96 writing a file
tcp_vs_none      bulk TCP with hook = "auto" as a share of that without hdrlog: median of interleaved pairs
"""

import argparse
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness.commands import HDRGEN, wait_until  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.lab import Lab  # noqa: E402

EMPTY = pathlib.Path(__file__).resolve().parent.parent / "harness/empty_xdp.py"
# The frames' destination, as hdrgen makes them.
ADDRESS, MAC, PORT = "192.0.2.1/24", "02:00:00:00:00:02", 9
LISTEN = f"""
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
    listener.bind(("0.0.0.0", {PORT}))
    sys.stdin.read()
"""


class Wire(Lab):
    """A quiet lab whose logged host is the one that the frames are meant for, unless they are to be discarded."""

    def __init__(self, discards: bool = False):
        super().__init__(quiet=True)
        self.discards = discards
        self.listener = None

    def __enter__(self):
        super().__enter__()
        if not self.discards:
            host = self.logged
            host.run("ip", "link", "set", host.device, "address", MAC)
            host.run("ip", "address", "add", ADDRESS, "dev", host.device)
            host.run("ip", "route", "add", "198.51.100.0/24", "dev", host.device)
            command = [*host.prefix(), "/usr/bin/python3", "-c", LISTEN]
            self.listener = subprocess.Popen(command, stdin=subprocess.PIPE)
        return self

    def __exit__(self, *reason):
        if self.listener:
            self.listener.stdin.close()
            self.listener.wait()
        super().__exit__(*reason)


class Empty:
    """A native XDP program that passes every frame, on the logged device."""

    def __init__(self, lab):
        self.lab = lab

    def __enter__(self):
        command = [*self.lab.logged.prefix(), "/usr/bin/python3", str(EMPTY), self.lab.logged.device]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "attached\n"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def send(lab, count: int, *options, rate=None) -> float:
    """Frames from the peer, all from one processor; returns frames/s."""
    pace = ["--rate", str(rate)] if rate else []
    started = time.monotonic()
    lab.peer.run("taskset", "1", HDRGEN, "--interface", lab.peer.device, "--count", count, *options, *pace, timeout=200)
    return count / (time.monotonic() - started)


def received(lab) -> int:
    text = lab.logged.run("cat", f"/sys/class/net/{lab.logged.device}/statistics/rx_packets").stdout
    return int(text)


def carried(lab, options, seconds: float) -> float:
    """Frames/s that the wire carries into the stack with an empty program."""
    with Empty(lab):
        count = int(send(lab, 2_000_000, *options) * seconds)
        before = received(lab)
        rate = send(lab, count, *options)
        return rate * (received(lab) - before) / count


class Attempt:
    """Frames sent to a daemon, and what became of them."""

    def __init__(self, lab, options, count: int, rate):
        with tempfile.TemporaryDirectory(prefix="hdrlog-bench-") as folder:
            settings = {"capture__direction": "in", "capture__hook": "native", "storage__max_use": "4G"}
            with Daemon(lab.logged, pathlib.Path(folder), **settings) as daemon:
                self.rate = send(lab, count, *options, rate=rate)
                wait_until(lambda: daemon.counters()["frames"] >= count * 0.999, 20, "all frames are counted")
                wait_until(lambda: settled(daemon.counters()), 60, "all records are in the store")
                counters = daemon.counters()
        self.lost = count - counters["stored"] - counters["waiting"]
        self.told = counters["ringLost"] + counters["storeLost"]


def settled(counters) -> bool:
    held = counters["stored"] + counters["waiting"] + counters["storeLost"] + counters["ringLost"]
    return counters["sampled"] == held


def highest(lab, options, seconds: float, empty: float) -> tuple[float, int]:
    """The highest rate at which nothing is lost: unhindered if possible, otherwise by halving. Also what was lost."""
    free = Attempt(lab, options, int(empty * 0.7 * seconds), None)
    print(f"    unhindered: {free.rate:,.0f} frames/s, {free.lost} lost ({free.told} told)", flush=True)
    if free.lost == 0:
        return free.rate, 0
    low, high, best = 0.2 * empty, free.rate, (0.0, 0)
    for _ in range(6):
        middle = (low + high) / 2
        attempt = Attempt(lab, options, int(middle * seconds), int(middle))
        print(f"    paced {middle:,.0f}: {attempt.rate:,.0f} frames/s, {attempt.lost} lost", flush=True)
        if attempt.lost == 0:
            low, best = middle, (attempt.rate, 0)
        else:
            high = middle
    return best


def measure_rates(figures, seconds: float):
    mixes = [
        ("one flow", "", [], False),
        ("65k flows", "_64k", ["--skewed"], False),
        ("discarded", "_discard", [], True),
    ]
    for name, suffix, options, discards in mixes:
        with Wire(discards) as lab:
            empty = carried(lab, options, min(seconds, 5))
            print(f"{name}: {empty:,.0f} frames/s into the stack with an empty program", flush=True)
            rate, lost = highest(lab, options, seconds, empty)
            empty = statistics.mean([empty, carried(lab, options, min(seconds, 5))])
        ratio = "e2e_vs_discard" if discards else f"e2e_vs_empty{suffix}"
        figures |= {f"empty_pps{suffix}": empty, f"e2e_pps{suffix}": rate, ratio: rate / empty}
        figures["e2e_lost"] = figures.get("e2e_lost", 0) + lost


def tcpdump_keeps(lab, folder, count: int, rate) -> tuple[float, int]:
    """Frames/s sent while tcpdump writes their first 96 bytes, and how many it missed."""
    command = [
        *lab.logged.prefix(),
        "tcpdump",
        "-i",
        lab.logged.device,
        "-s",
        "96",
        "-B",
        "65536",
        "-w",
        f"{folder}/dump",
    ]
    with Empty(lab), subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert "listening" in process.stderr.readline()
        rate = send(lab, count, rate=rate)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().splitlines()
    captured = next(int(line.split()[0]) for line in said if "packets captured" in line)
    return rate, count - captured


def measure_tcpdump(figures, seconds: float):
    if not shutil.which("tcpdump"):
        print("tcpdump is not installed: not compared")
        return
    with Wire() as lab, tempfile.TemporaryDirectory(prefix="hdrlog-bench-") as folder:
        empty = carried(lab, [], min(seconds, 5))
        low, high, best = 0.0, empty, 0.0
        for step in range(6):
            middle = high if step == 0 else (low + high) / 2
            rate, lost = tcpdump_keeps(lab, folder, int(middle * seconds / 3), None if step == 0 else int(middle))
            print(f"    tcpdump: {rate:,.0f} frames/s, {lost} lost", flush=True)
            if lost == 0:
                low, best = middle, max(best, rate)
            else:
                high = min(rate, middle)
            if best and step == 0:
                break
    figures |= {"tcpdump_pps": best, "tcpdump_vs_empty": best / empty}


def throughput(lab) -> float:
    """Bits/s of one second of bulk TCP into the logged device."""
    output = lab.peer.run("iperf3", "-c", lab.logged.ipv4, "-t", "1.5", "-O", "0.5", "-J").stdout
    return json.loads(output)["end"]["sum_received"]["bits_per_second"]


def measure_tcp(figures, pairs: int):
    if not shutil.which("iperf3"):
        print("iperf3 is not installed: bulk TCP is not measured")
        return
    ratios, rates = [], []
    with Lab() as lab, tempfile.TemporaryDirectory(prefix="hdrlog-bench-") as folder:
        server = subprocess.Popen([*lab.logged.prefix(), "iperf3", "-s"], stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.3)
            for number in range(pairs):
                pair = {}
                for logged in (False, True) if number % 2 else (True, False):
                    if logged:
                        with Daemon(lab.logged, pathlib.Path(folder)):
                            pair[logged] = throughput(lab)
                    else:
                        pair[logged] = throughput(lab)
                ratios.append(pair[True] / pair[False])
                rates.append(pair[False])
                print(f"    TCP: {pair[False] / 1e9:.2f} Gbit/s without, {ratios[-1]:.3f} of it with", flush=True)
        finally:
            server.terminate()
            server.wait()
    figures |= {"tcp_vs_none": statistics.median(ratios), "tcp_none_gbit": statistics.median(rates) / 1e9}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="how long a rate must be kept up")
    parser.add_argument("--pairs", type=int, default=20, help="pairs of TCP runs")
    parser.add_argument("--only", default="rates,tcpdump,tcp")
    parser.add_argument("results", nargs="?", type=pathlib.Path, help="a JSON file to merge the figures into")
    options = parser.parse_args()
    figures = {}
    if "rates" in options.only:
        measure_rates(figures, options.seconds)
    if "tcpdump" in options.only:
        measure_tcpdump(figures, options.seconds)
    if "tcp" in options.only.split(","):
        measure_tcp(figures, options.pairs)
    for key, value in figures.items():
        print(f"{key:20} {value:16,.3f}")
    if options.results:
        options.results.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(options.results.read_text()) if options.results.exists() else {}
        rounded = {key: round(value, 4) for key, value in figures.items()}
        options.results.write_text(json.dumps(known | rounded, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
