"""Starting, stopping, dying: nothing stays attached, nothing on disk becomes unreadable."""

import random
import signal
import time

from harness import packets
from harness.daemon import Daemon

SOURCE, DESTINATION = "198.51.100.7", "192.0.2.1"


def test_stopping_detaches_every_program_and_ends_with_status_0(lab, folder):
    daemon = Daemon(lab.logged, folder).start()
    assert lab.logged.attached() != []
    assert daemon.stop(signal.SIGTERM) == 0
    assert lab.logged.attached() == []
    daemon.start()
    assert daemon.stop(signal.SIGINT) == 0
    assert lab.logged.attached() == []


def test_what_was_logged_before_a_stop_is_there_after_the_next_start(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in") as daemon:
        packets.send(lab.peer, [packets.udp(SOURCE, DESTINATION, 1000 + number, 9) for number in range(50)])
    with daemon:
        found = daemon.query("--dport", "9", "--since", "10m")
    assert sorted(record["sourcePort"] for record in found) == list(range(1000, 1050))


def test_kill_9_at_any_moment_costs_at_most_the_last_second(lab, folder):
    """A frame every 5 ms, ten deaths; what was sent more than a second before a death must be in the log."""
    daemon = Daemon(lab.logged, folder, capture__direction="in")
    chance = random.Random(9)
    port, safe, lost_at_most = 1024, [], []
    for _ in range(10):
        daemon.start()
        deadline = time.monotonic() + chance.uniform(0.2, 2.0)
        sent = []
        while time.monotonic() < deadline:
            packets.send(lab.peer, [packets.udp(SOURCE, DESTINATION, port, 9)])
            sent.append((time.monotonic(), port))
            port += 1
        daemon.stop(signal.SIGKILL)
        died = time.monotonic()
        safe += [number for at, number in sent if died - at > 1.1]
        lost_at_most += [number for at, number in sent if died - at <= 1.1]
    with daemon:
        ports = [record["sourcePort"] for record in daemon.query("--dport", "9", "--since", "10m")]
    assert len(ports) == len(set(ports)), "a header is there twice"
    assert set(safe) - set(ports) == set(), "headers older than a second were lost"
    assert lab.logged.attached() == []


def test_a_start_after_kill_9_takes_over_what_was_left_attached(lab, folder):
    daemon = Daemon(lab.logged, folder).start()
    daemon.stop(signal.SIGKILL)
    with daemon:
        before = lab.logged.attached()
        assert before != []
    assert lab.logged.attached() == []


def test_sighup_with_a_wrong_configuration_keeps_the_one_in_force(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in") as daemon:
        daemon.config.write_text("[capture]\nsampling_rate = 'many'\n")
        daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert daemon.process.poll() is None
        assert "sampling_rate" in daemon.log()
        packets.send(lab.peer, [packets.udp(SOURCE, DESTINATION, 1, 9)])
        daemon.wait_for_records(1, "--dport", "9")


def test_a_start_after_kill_9_removes_filters_where_none_belongs(lab, folder):
    """Filters outlive a killed process, and the next one may want another hook, or another interface."""
    daemon = Daemon(lab.logged, folder, capture__hook="clsact").start()
    daemon.stop(signal.SIGKILL)
    assert len([line for line in lab.logged.attached() if "hdrlog_" in line]) == 2
    daemon.configure(capture__hook="tc")
    with daemon:
        assert [line.split()[0] for line in lab.logged.attached()] == ["tcx", "tcx"]
    daemon.configure(capture__hook="clsact")
    daemon.start()
    daemon.stop(signal.SIGKILL)
    daemon.configure(capture__interfaces=["nothing0"])
    with daemon:
        assert lab.logged.attached() == []
