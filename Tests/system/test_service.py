"""The installed service under a real systemd: what an operator does to it, and what systemd does."""

import json
import time

import pytest

from harness import packets
from harness.commands import wait_until
from harness.lab import Lab

SERVICE, SOCKET = "hdrlogd.service", "hdrlogd.socket"
SOURCE, DESTINATION = "198.51.100.7", "192.0.2.1"

# linux/capability.h: CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39.
THREE_CAPABILITIES = 1 << 12 | 1 << 38 | 1 << 39


@pytest.fixture(scope="module")
def installed(container):
    """The container with hdrlog in it, a member of its group and an outsider, and a wire to a peer."""
    container.install()
    container.run("useradd", "--groups", "hdrlog", "member")
    container.run("useradd", "outsider")
    with Lab(container.pid) as lab:
        container.lab = lab
        yield container


@pytest.fixture
def service(installed):
    """The service, running and undisturbed by the test before."""
    (installed.root / "etc/hdrlog/hdrlogd.toml").write_text("[storage]\nkeep_free = '16M'\n")
    installed.run("systemctl", "reset-failed", check=False)
    installed.run("systemctl", "start", SOCKET)
    installed.run("systemctl", "restart", SERVICE)
    return installed


def send_and_find(system, port: int, count: int = 3):
    """Sends frames to a port and waits until the log shows them."""
    frames = [packets.udp(SOURCE, DESTINATION, 1000 + number, port) for number in range(count)]
    packets.send(system.lab.peer, frames)
    wait_until(lambda: headers(system, port) == count, 5, f"{count} headers of port {port}")


def headers(system, port: int) -> int:
    return len(system.run("hdrctl", "query", "--dport", port, "--since", "1h", "-o", "json").stdout.splitlines())


def main_pid(system) -> int:
    return int(system.show(SERVICE, "MainPID"))


def process_status(system, key: str) -> list[str]:
    """A line of the daemon's /proc/PID/status."""
    text = (system.root / f"proc/{main_pid(system)}/status").read_text()
    return next(line.split()[1:] for line in text.splitlines() if line.startswith(f"{key}:"))


def test_start_ends_when_the_service_is_ready(service):
    assert service.show(SERVICE, "ActiveState") == "active"
    assert "Starting" not in service.show(SERVICE, "StatusText")
    wait_until(lambda: "frames/s" in service.show(SERVICE, "StatusText"), 3, "the rate in the status line")
    assert service.lab.logged.attached() != []
    send_and_find(service, 2001)


def test_the_process_is_user_hdrlog_with_three_capabilities(service):
    user = service.run("id", "--user", "hdrlog").stdout.strip()
    assert set(process_status(service, "Uid")) == {user}
    for which in ("CapPrm", "CapEff", "CapBnd"):
        assert int(process_status(service, which)[0], 16) == THREE_CAPABILITIES, which
    assert process_status(service, "NoNewPrivs") == ["1"]


def test_threads_that_attach_nothing_have_no_capabilities(service):
    tasks = (service.root / f"proc/{main_pid(service)}/task").iterdir()
    held = {}
    for task in tasks:
        line = next(line for line in (task / "status").read_text().splitlines() if line.startswith("CapEff:"))
        held[(task / "comm").read_text().strip()] = int(line.split()[1], 16)
    assert held["drain"] == held["store"] == 0
    assert held["watch"] == THREE_CAPABILITIES


def test_a_member_of_the_group_may_ask_and_an_outsider_may_not(service):
    assert service.run_as("member", "hdrctl", "status").stdout != ""
    refused = service.run_as("outsider", "hdrctl", "status", check=False)
    assert refused.returncode != 0
    assert len(refused.stderr.splitlines()) == 1 and "ermission" in refused.stderr


def test_reload_takes_a_new_configuration_without_a_new_process(service):
    before = main_pid(service)
    (service.root / "etc/hdrlog/hdrlogd.toml").write_text(
        "[storage]\nkeep_free = '17M'\n[capture]\nsampling_rate = 2\n"
    )
    service.run("systemctl", "reload", SERVICE)
    wait_until(lambda: service.show(SERVICE, "ActiveState") == "active", 5, "the end of the reload")
    assert main_pid(service) == before


def test_a_wrong_reload_fails_says_why_and_changes_nothing(service):
    before = main_pid(service)
    config = service.root / "etc/hdrlog/hdrlogd.toml"
    config.write_text("[capture]\nsampling_rate = 'many'\n")
    assert service.run("systemctl", "reload", SERVICE, check=False).returncode != 0
    assert "hdrlogd.toml:2: capture.sampling_rate" in service.journal(SERVICE)
    wait_until(lambda: "reload was refused" in service.show(SERVICE, "StatusText"), 5, "the reason in the status line")
    assert "hdrlogd.toml:2: capture.sampling_rate" in service.run("systemctl", "status", SERVICE).stdout
    assert service.show(SERVICE, "ActiveState") == "active" and main_pid(service) == before
    send_and_find(service, 2002)
    config.write_text("[storage]\nkeep_free = '16M'\n")
    service.run("systemctl", "reload", SERVICE)
    wait_until(lambda: "refused" not in service.show(SERVICE, "StatusText"), 5, "the end of the complaint")


def journal_entries(system, invocation: str) -> list[dict]:
    system.run("journalctl", "--sync")
    lines = system.run("journalctl", "--quiet", "--output=json", f"_SYSTEMD_INVOCATION_ID={invocation}").stdout
    return [json.loads(line) for line in lines.splitlines()]


def test_events_stand_in_the_journal_with_fields_and_an_explanation(service):
    invocation = service.show(SERVICE, "InvocationID")
    service.run("systemctl", "stop", SERVICE)
    entries = journal_entries(service, invocation)
    attached = next(entry for entry in entries if "logging, in:" in entry["MESSAGE"])
    assert attached["INTERFACE"] == service.lab.logged.device
    assert attached["HOOK"].startswith("in: ") and attached["REASON"] in attached["MESSAGE"]
    service.run("journalctl", "--update-catalog")
    told = service.run("journalctl", "-x", "--no-pager", f"MESSAGE_ID={attached['MESSAGE_ID']}").stdout
    assert f"Interface {service.lab.logged.device} is being logged" in told
    assert attached["REASON"] in told.split("Why this one: ")[1]
    subjects = service.run("journalctl", "--list-catalog").stdout
    for entry in entries:
        if "MESSAGE_ID" in entry and entry.get("SYSLOG_IDENTIFIER") == "hdrlogd":
            assert f"{entry['MESSAGE_ID']} hdrlog:" in subjects, entry["MESSAGE"]


def test_stop_leaves_nothing_attached(service):
    service.run("systemctl", "stop", SERVICE)
    assert service.show(SERVICE, "Result") == "success"
    assert service.lab.logged.attached() == []


def test_what_was_logged_is_there_after_a_restart(service):
    send_and_find(service, 2003)
    service.run("systemctl", "restart", SERVICE)
    assert headers(service, 2003) == 3
    send_and_find(service, 2004)


def test_a_killed_daemon_is_started_again(service):
    send_and_find(service, 2005)
    time.sleep(1.2)
    service.run("systemctl", "kill", "--signal=KILL", SERVICE)
    wait_until(lambda: service.show(SERVICE, "NRestarts") == "1" and service.active(SERVICE), 10, "a restart")
    assert headers(service, 2005) == 3
    send_and_find(service, 2006)
    service.run("systemctl", "stop", SERVICE)
    assert service.lab.logged.attached() == []


def test_a_daemon_that_hangs_is_killed_by_the_watchdog_and_started_again(service):
    with service.drop_in(SERVICE, "WatchdogSec=1s\nTimeoutAbortSec=1s"):
        service.run("systemctl", "restart", SERVICE)
        time.sleep(2.5)
        assert service.show(SERVICE, "NRestarts") == "0", "a healthy daemon was killed"
        service.run("systemctl", "kill", "--signal=STOP", SERVICE)
        wait_until(lambda: service.show(SERVICE, "NRestarts") == "1" and service.active(SERVICE), 15, "a restart")
        assert "Watchdog timeout" in service.journal(SERVICE)


def test_the_first_question_starts_the_service(service):
    service.run("systemctl", "stop", SERVICE, SOCKET)
    service.run("systemctl", "start", SOCKET)
    assert not service.active(SERVICE)
    service.run_as("member", "hdrctl", "status")
    assert service.active(SERVICE)


def test_nothing_is_logged_as_a_warning_in_a_quiet_life(service):
    invocation = service.show(SERVICE, "InvocationID")
    service.run("systemctl", "stop", SERVICE)
    service.run("journalctl", "--sync")
    warnings = service.run(
        "journalctl", "--quiet", "--output=cat", "--priority=warning", f"_SYSTEMD_INVOCATION_ID={invocation}"
    ).stdout
    assert warnings == ""


def test_all_that_the_daemon_says_are_its_own_events(service):
    """Libraries that print to stderr would do it here, without a field and at every start."""
    invocation = service.show(SERVICE, "InvocationID")
    service.run("hdrctl", "query")
    service.run("systemctl", "stop", SERVICE)
    entries = [e for e in journal_entries(service, invocation) if e.get("SYSLOG_IDENTIFIER") == "hdrlogd"]
    assert entries and [e["MESSAGE"] for e in entries if e["_TRANSPORT"] != "journal"] == []
