"""The Debian package in a system of its own: install, use, remove, purge."""

import re

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
def newer(package, module_folder):
    """A version that follows it, whose configuration file has something new to say."""
    tree = module_folder / "tree"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: (.*)$", r"Version: \1+next", control.read_text(), flags=re.MULTILINE))
    with (tree / "etc/hdrlog/hdrlogd.toml").open("a") as config:
        config.write("# A setting of the next version.\n")
    made = module_folder / "newer.deb"
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made)
    return made


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
    # As an upgrade does that nobody watches: what was changed here stays.
    system.run("dpkg", "--force-confdef", "--force-confold", "--install", "/package.deb")


def version(package) -> str:
    return run("dpkg-deb", "--field", package, "Version").stdout.strip()


def installed(system) -> tuple[str, str]:
    """State and version, as `dpkg -l` has them."""
    line = system.run("dpkg", "--list", "hdrlog").stdout.splitlines()[-1].split()
    return line[0], line[2]


@pytest.mark.usefixtures("before")
def test_installing_starts_the_service(container, package):
    with Lab(container.pid):
        install(container, package)
        assert container.active("hdrlogd.service") and container.active("hdrlogd.socket")
        assert container.run("hdrctl", "status").stdout != ""


def test_an_upgrade_keeps_the_service_running_and_the_configuration(container, package, newer):
    assert installed(container) == ("ii", version(package))
    config = container.root / "etc/hdrlog/hdrlogd.toml"
    mine = config.read_text() + "\n# mine\n"
    config.write_text(mine)
    process = container.show(SERVICE, "MainPID")
    install(container, newer)
    assert installed(container) == ("ii", version(newer)) and version(newer) == version(package) + "+next"
    wait_until(lambda: container.active("hdrlogd.service"), 5, "the service after the upgrade")
    assert container.show(SERVICE, "MainPID") != process, "the new version runs"
    assert config.read_text() == mine
    assert "next version" in config.with_name("hdrlogd.toml.dpkg-dist").read_text()


def test_upgrades_and_downgrades_during_a_burst_lose_no_frame(container, package, newer):
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
                other = [package, newer][upgrades % 2]
                install(container, other)
                assert installed(container) == ("ii", version(other))
                assert container.show(SERVICE, "MainPID") != process, "the upgrade restarts the service"
                upgrades += 1
        # The last one may have outlasted the burst.
        assert upgrades >= 3, "the burst ended before a downgrade and an upgrade"
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
