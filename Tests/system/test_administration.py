"""What an operator asks of a running daemon: its settings, a reload, a new segment, less on the disk, a check."""

import json
import re
import time

import pytest

from harness import packets
from harness.commands import HDRCTL, run, wait_until
from harness.daemon import Daemon

SOURCE, DESTINATION = "198.51.100.7", "192.0.2.1"


@pytest.fixture
def daemon(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in") as daemon:
        yield daemon


def log_headers(lab, daemon, port: int, count: int = 20):
    packets.send(lab.peer, [packets.udp(SOURCE, DESTINATION, 1000 + number, port) for number in range(count)])
    daemon.wait_for_records(count, "--dport", port)


def settings(daemon) -> dict[str, tuple[str, str]]:
    """Key → (value, origin), as `hdrctl config` prints them."""
    lines = daemon.hdrctl("config").stdout.splitlines()
    found = [re.fullmatch(r"(\S+) = (.*?) +# (.*)", line).groups() for line in lines]
    return {key: (value, origin) for key, value, origin in found}


def segments(daemon) -> int:
    return daemon.status()["store"]["segments"]


def test_config_tells_each_value_and_where_it_came_from(lab, folder):
    daemon = Daemon(lab.logged, folder)
    drop_in = folder / "hdrlogd.toml.d/50-budget.toml"
    drop_in.parent.mkdir()
    drop_in.write_text("# A budget.\n[storage]\nmax_use = '64M'\n")
    with daemon:
        found = settings(daemon)
    assert found["storage.max_use"] == ('"64M"', f"{drop_in}:3")
    assert found["query.concurrent"] == ("4", "default")
    value, origin = found["capture.interfaces"]
    assert value == f'["{lab.logged.device}"]' and origin == f"{daemon.config}:2"


def test_reload_puts_a_new_value_in_force_and_says_what_waits_for_a_start(daemon):
    daemon.configure(capture__sampling_rate=4, capture__ring_memory="32M")
    daemon.hdrctl("reload")
    found = settings(daemon)
    assert found["capture.sampling_rate"][0] == "4"
    assert found["capture.ring_memory"] == ('"16M"', "default")
    assert "capture.ring_memory: the new value takes effect at the next start" in daemon.log()
    assert {entry["samplingRate"] for entry in daemon.status()["interfaces"]} == {4}


def test_flows_have_limits_of_their_own_that_a_reload_changes(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in", capture__flow_interval="1s") as daemon:
        log_headers(lab, daemon, 9)
        before = daemon.status()["store"]["headers"]["segments"]
        drop_in = folder / "hdrlogd.toml.d/10-flows.toml"
        drop_in.parent.mkdir()
        drop_in.write_text("[storage]\nflow_segment_max_age = '1s'\n")
        daemon.hdrctl("reload")
        assert settings(daemon)["storage.flow_segment_max_age"] == ('"1s"', f"{drop_in}:2")
        for port in (10, 11, 12, 13):
            log_headers(lab, daemon, port)
            time.sleep(1)
        assert daemon.status()["store"]["flows"]["segments"] >= 3
        assert daemon.status()["store"]["headers"]["segments"] == before


def test_a_wrong_reload_is_answered_with_what_is_wrong_and_changes_nothing(daemon):
    before = settings(daemon)
    daemon.config.write_text("[capture]\nsampling_rat = 4\n")
    refused = daemon.hdrctl("reload", check=False)
    assert refused.returncode == 69
    assert "hdrlogd.toml:2: capture.sampling_rat: unknown key; did you mean capture.sampling_rate?" in refused.stderr
    assert settings(daemon) == before


def test_rotate_seals_the_segment_and_loses_nothing(lab, daemon):
    log_headers(lab, daemon, 9)
    before = segments(daemon)
    daemon.hdrctl("rotate")
    assert segments(daemon) == before + 1
    assert len(daemon.query("--dport", 9)) == 20
    log_headers(lab, daemon, 10)


def test_vacuum_deletes_the_oldest_segments_and_tells_how_many(lab, daemon):
    for port in (11, 12, 13):
        log_headers(lab, daemon, port)
        daemon.hdrctl("rotate")
    assert daemon.hdrctl("vacuum", "--age", "1h").stdout == "deleted 0 segments, 0B\n"
    # Flows and counters of the same time may have been sealed, too.
    assert re.fullmatch(r"deleted [3-6] segments, \S+\n", daemon.hdrctl("vacuum", "--size", "1").stdout)
    assert daemon.query("--since", "1h") == []
    log_headers(lab, daemon, 14)
    daemon.hdrctl("rotate")
    assert re.match("deleted [12] segments", daemon.hdrctl("vacuum", "--age", "0s").stdout)


def test_disk_usage_tells_what_each_family_takes(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in", capture__flow_interval="1s") as daemon:
        log_headers(lab, daemon, 9)
        daemon.hdrctl("rotate")
        wait_until(lambda: (daemon.status()["store"]["flows"] or {}).get("newest"), 5, "an interval in the log")
        all_files, *families = daemon.hdrctl("disk-usage").stdout.splitlines()
        assert re.fullmatch(rf"{daemon.state}: \S+ of 4G", all_files)
        assert any(re.fullmatch(r"headers: 2 segments, \S+ of \S+", line) for line in families), families
        assert any(re.fullmatch(r"flows: \d segments?, \S+ of 512M", line) for line in families), families
        told = daemon.status()["store"]
        on_disk = sum(file.stat().st_blocks * 512 for file in daemon.state.iterdir())
    assert 0.5 * on_disk <= told["bytes"] <= 2 * on_disk
    assert told["headers"]["bytes"] + told["flows"]["bytes"] <= told["bytes"] + (256 << 10)


def test_rotate_seals_flows_and_counters_too(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in", capture__flow_interval="1s") as daemon:
        log_headers(lab, daemon, 9)
        wait_until(lambda: (daemon.status()["store"]["flows"] or {}).get("newest"), 5, "an interval in the log")
        daemon.hdrctl("rotate")
        assert [name for name in daemon.state.glob("flows-*.db") if not name.with_suffix(".db-wal").exists()]


def test_a_directory_that_cannot_be_written_is_named(lab, folder):
    daemon = Daemon(lab.logged, folder)
    run("mount", "-t", "tmpfs", "-o", "size=4M,ro", "hdrlog-test", daemon.state)
    try:
        daemon.spawn()
        assert daemon.process.wait(10) != 0
        assert "Read-only file system" in daemon.log() and str(daemon.state) in daemon.log()
    finally:
        run("umount", "--lazy", daemon.state)


def test_verify_finds_a_live_log_sound_and_names_a_damaged_block(lab, daemon):
    log_headers(lab, daemon, 9)
    daemon.hdrctl("rotate")
    sound = json.loads(run(HDRCTL, "verify", daemon.state, "-o", "json").stdout)
    assert sound["findings"] == [] and sound["records"] >= 20 and sound["segments"] == 2
    daemon.stop()
    segment = min(daemon.state.glob("headers-*.db"))
    content = bytearray(segment.read_bytes())
    # SQLite fills its pages from their ends; the first two hold the schema and the notes.
    for page in range(2 * 4096, len(content), 4096):
        for index in range(page + 4096 - 16, page + 4096):
            content[index] ^= 0x55
    segment.write_bytes(content)
    damaged = run(HDRCTL, "verify", daemon.state, check=False)
    assert damaged.returncode == 1 and f"damaged: {segment}" in damaged.stdout


def test_top_and_series_are_counted_by_the_daemon(lab, daemon):
    log_headers(lab, daemon, 9, 30)
    log_headers(lab, daemon, 10, 10)
    rows = daemon.hdrctl("top", "--by", "destinationPort", "--proto", "udp").stdout.split("\n")
    assert rows[1].split()[:2] == ["9", "30"] and rows[2].split()[:2] == ["10", "10"], rows
    assert "40" in daemon.hdrctl("series", "--every", "1h", "--proto", "udp").stdout


def test_top_tells_different_values_and_margins_of_samples(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in", capture__sampling_rate=10) as daemon:
        packets.send(lab.peer, [packets.udp(SOURCE, DESTINATION, 1000 + number, 9) for number in range(3000)])
        wait_until(lambda: daemon.counters()["frames"] >= 3000, 5, "frames counted")
        options = ("--by", "destinationPort", "--proto", "udp", "--distinct", "sourcePort", "-o", "json")
        for source in (("--socket", daemon.socket), ("--directory", daemon.state)):
            wait_until(lambda: len(daemon.query("--dport", 9)) > 150, 5, "records")  # flushed within a second
            answer = wait_until(lambda source=source: found(source, options), 5, "an answer")
            (group,) = answer["groups"]
            sums = group["sums"]
            assert abs(sums["estimatedPackets"] - 3000) <= 2.1 * sums["packetsMargin"], sums
            assert 0 < sums["packetsMargin"] < 1000 and sums["bytesMargin"] > 0
            assert group["computed"] == [{"value": sums["records"], "approximate": False}]
            assert answer["completeness"]["rates"] == [{"rate": 10, "records": sums["records"]}]


def found(source, options) -> dict | None:
    """An answer about groups, when there are any."""
    answer = json.loads(run(HDRCTL, "top", *source, *options).stdout)
    return answer if answer["groups"] and answer["groups"][0]["sums"]["records"] > 150 else None


def test_orders_are_for_root_alone(daemon):
    """Whatever the socket's mode lets in: the daemon looks at the peer's credentials."""
    daemon.folder.chmod(0o755)
    daemon.socket.chmod(0o666)
    stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", HDRCTL]
    for order in (["reload"], ["rotate"], ["vacuum", "--size", "1"]):
        refused = run(*stranger, *order, "--socket", daemon.socket, check=False)
        assert refused.returncode == 77 and "permission denied: root" in refused.stderr, refused
    wait_until(lambda: daemon.process.poll() is None, 1, "a living daemon")
