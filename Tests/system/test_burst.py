"""Bursts of an exact number of frames, made in the kernel: each is seen, and each is stored or counted as lost."""

import signal
import threading
import time

import pytest

from harness.commands import HDRGEN, wait_until
from harness.daemon import Daemon


def generate(host, count: int, *options):
    """Sends exactly `count` frames from the host's device."""
    host.run(HDRGEN, "--interface", host.device, "--count", count, *options, timeout=120)


def settled(daemon: Daemon, count: int) -> dict:
    """The counters, once all frames are seen and none waits in a ring; a block that is not full waits in the store."""

    def look():
        found = daemon.counters()
        handled = found["stored"] + found["waiting"] + found["ringLost"] + found["storeLost"]
        return found if found["frames"] >= count and handled == found["sampled"] else None

    return wait_until(look, 20, f"{count} frames seen and stored")


def assert_adds_up(daemon: Daemon):
    status = daemon.status()
    identities = [identity for entry in status["interfaces"] for identity in entry["identities"]]
    assert identities and all(identity["holds"] for identity in identities), identities
    assert status["consistent"]


@pytest.fixture
def daemon(quiet_lab, folder):
    # Frames that a veth device hands over in bulk need its XDP path on the other side.
    with Daemon(quiet_lab.logged, folder, capture__direction="in", capture__hook="native") as running:
        yield running


def test_a_million_frames_at_full_speed_are_all_accounted_for(quiet_lab, daemon):
    generate(quiet_lab.peer, 1_000_000)
    counters = settled(daemon, 1_000_000)
    print(f"stored {counters['stored']}, lost {counters['ringLost']} in the ring, {counters['storeLost']} in the store")
    assert counters["frames"] == counters["sampled"] == 1_000_000
    lost = counters["ringLost"] + counters["storeLost"]
    assert counters["stored"] + counters["waiting"] + lost == 1_000_000
    assert_adds_up(daemon)


def test_whenever_status_is_asked_during_a_burst_it_adds_up(quiet_lab, daemon):
    """Records are counted where they are at that moment, in rings, on the way, in the block being filled, in blocks."""
    sender = threading.Thread(target=generate, args=(quiet_lab.peer, 3_000_000, "--rate", 700_000))
    sender.start()
    waiting = []
    while sender.is_alive():
        assert_adds_up(daemon)
        waiting.append(daemon.counters()["waiting"])
    sender.join()
    print(f"{len(waiting)} times; waiting {min(waiting)} to {max(waiting)}")
    assert len(waiting) >= 5 and max(waiting) > 0
    settled(daemon, 3_000_000)
    assert_adds_up(daemon)


def test_at_half_a_million_frames_a_second_none_is_lost(quiet_lab, daemon):
    generate(quiet_lab.peer, 1_000_000, "--rate", 500_000)
    counters = settled(daemon, 1_000_000)
    assert counters["frames"] == counters["stored"] + counters["waiting"] == 1_000_000
    assert_adds_up(daemon)
    answer = daemon.hdrctl("query", "-o", "csv", "--fields", "time", timeout=120).stdout
    assert answer.count("\n") == 1_000_001


def test_sampling_counts_every_frame_and_stores_one_in_so_many(quiet_lab, folder):
    settings = {"capture__direction": "in", "capture__hook": "native", "capture__sampling_rate": 100}
    with Daemon(quiet_lab.logged, folder, **settings) as daemon:
        generate(quiet_lab.peer, 200_000)
        counters = settled(daemon, 200_000)
        assert counters["frames"] == 200_000
        assert counters["sampled"] + counters["counted"] == 200_000
        assert 1800 <= counters["sampled"] <= 2200
        assert {record["rate"] for record in daemon.query("--limit", "100")} == {100}
        assert_adds_up(daemon)


def test_a_budget_thins_the_headers_evenly_and_recovers(quiet_lab, folder):
    settings = {"capture__direction": "in", "capture__hook": "native", "capture__header_budget": 5_000}
    with Daemon(quiet_lab.logged, folder, **settings) as daemon:
        generate(quiet_lab.peer, 400_000, "--rate", 100_000)
        counters = settled(daemon, 400_000)
        assert counters["frames"] == 400_000 == counters["counted"] + counters["sampled"]
        # The first second goes by unthinned: nobody could know.
        assert counters["sampled"] < 250_000
        estimated = sum(record["rate"] for record in daemon.query())
        assert abs(estimated - 400_000) < 20_000
        wait_until(lambda: daemon.status()["interfaces"][0]["samplingRate"] == 1, 20, "the rate is 1 again")


def test_reloads_during_a_burst_lose_no_frame(quiet_lab, daemon):
    sender = threading.Thread(target=generate, args=(quiet_lab.peer, 2_000_000, "--rate", 250_000))
    sender.start()
    reloads = 0
    while sender.is_alive() or reloads < 100:
        rate = 1 + reloads % 7
        daemon.configure(capture__sampling_rate=rate)
        rules = '[[rule]]\nmatch = "udp port 9 and src port 1024"\naction = "count"\n' if reloads % 2 else ""
        daemon.config.write_text(daemon.config.read_text() + rules)
        daemon.process.send_signal(signal.SIGHUP)
        reloads += 1
        time.sleep(0.05)
    counters = settled(daemon, 2_000_000)
    print(f"{reloads} reloads")
    assert counters["frames"] == 2_000_000 == counters["counted"] + counters["sampled"]
    assert counters["keyed"] == counters["flowPackets"] + counters["untrackedPackets"] == 2_000_000
    assert_adds_up(daemon)
