"""The Debian package in a system of its own: install, use, remove, purge."""

import pytest

from harness.commands import PROJECT, run, wait_until
from harness.lab import Lab
from harness.service_burst import FRAMES, SERVICE, Burst, configure, settled


@pytest.fixture(scope="module")
def package():
    """Built anew; building it fails if lintian finds an error."""
    run("make", "-C", PROJECT, "deb", timeout=900)
    return next((PROJECT / ".build/deb").glob("*.deb"))


@pytest.fixture(scope="module")
def before(container):
    """What the system holds without the package."""
    return inventory(container)


def inventory(system) -> set[str]:
    found = system.run(
        "find",
        "/usr",
        "/etc",
        "/var/lib/hdrlog",
        "/run/hdrlog",
        "-xdev",
        "-path",
        "/usr/share/man",
        "-prune",
        "-o",
        "-print",
        check=False,
    ).stdout.splitlines()
    # dpkg's own book-keeping and backups of the user database are not the package's.
    return {
        path
        for path in found
        if not path.startswith(
            ("/var/lib/dpkg", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid")
        )
    }


def tree(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_uninstall_removes_what_install_put_there(folder):
    for prefix in ("/usr", "/opt/hdrlog"):
        there = folder / prefix.strip("/").replace("/", "-")
        command = [PROJECT / "scripts/install-files", "--destdir", there, "--prefix", prefix]
        run(*command)
        files = tree(there)
        for name in ("sbin/hdrlogd", "bin/hdrctl", "lib/systemd/system/hdrlogd.service", "share/man/man1/hdrctl.1"):
            assert f"{prefix}/{name}".lstrip("/") in files
        unit = (there / prefix.lstrip("/") / "lib/systemd/system/hdrlogd.service").read_text()
        assert f"ExecStart={prefix}/sbin/hdrlogd" in unit and f"ExecReload={prefix}/bin/hdrctl reload" in unit
        run(*command, "--remove")
        assert tree(there) == {"etc/hdrlog/hdrlogd.toml"}, "only the operator's own file stays"


def install(system, package):
    (system.root / "package.deb").write_bytes(package.read_bytes())
    system.run("dpkg", "--install", "/package.deb")


@pytest.mark.usefixtures("before")
def test_installing_starts_the_service(container, package):
    with Lab(container.pid):
        install(container, package)
        assert container.active("hdrlogd.service") and container.active("hdrlogd.socket")
        assert container.run("hdrctl", "status").stdout != ""


def test_an_upgrade_keeps_the_service_running_and_the_configuration(container, package):
    config = container.root / "etc/hdrlog/hdrlogd.toml"
    config.write_text(config.read_text() + "\n# mine\n")
    install(container, package)
    wait_until(lambda: container.active("hdrlogd.service"), 5, "the service after the upgrade")
    assert config.read_text().endswith("# mine\n")


def test_an_upgrade_during_a_burst_loses_no_frame(container, package):
    with Lab(container.pid, quiet=True) as lab:
        container.lab, container.hook = lab, "native"
        config = container.root / "etc/hdrlog/hdrlogd.toml"
        kept = config.read_text()
        container.run("systemctl", "stop", SERVICE)
        configure(container)
        container.run("systemctl", "start", SERVICE)
        with Burst(container, rate=100_000) as burst:
            upgrades = 0
            while burst.lasts:
                process = container.show(SERVICE, "MainPID")
                install(container, package)
                assert container.show(SERVICE, "MainPID") != process, "the upgrade restarts the service"
                upgrades += 1
        # The last one may have outlasted the burst.
        assert upgrades >= 2, "the burst ended before an upgrade"
        found = settled(container)
        assert found["frames"] == found["sampled"] == FRAMES
        assert found["storeLost"] == 0
        assert found["stored"] + found["waiting"] + found["ringLost"] == FRAMES
        config.write_text(kept)


def test_removing_stops_the_service_and_keeps_log_and_configuration(container):
    container.run("dpkg", "--remove", "hdrlog")
    assert not container.active("hdrlogd.service") and not container.active("hdrlogd.socket")
    assert (container.root / "var/lib/hdrlog").is_dir()
    assert (container.root / "etc/hdrlog/hdrlogd.toml").exists()


def test_purging_leaves_nothing(container, before):
    container.run("dpkg", "--purge", "hdrlog")
    assert inventory(container) - before == set()
    assert container.run("getent", "passwd", "hdrlog", check=False).stdout == ""
    assert container.run("getent", "group", "hdrlog", check=False).stdout == ""
