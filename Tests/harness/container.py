"""A system booted by systemd, to install the daemon into and do to it what an operator does."""

import contextlib
import pathlib
import signal
import subprocess

from .commands import PROJECT, run, wait_until

BOOT = pathlib.Path(__file__).with_name("boot-container.sh")


class Container:
    """This machine's file system, an overlay over it, and systemd as PID 1. Use as a context manager."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.output = folder.with_suffix(".log")
        self.cgroups = pathlib.Path(f"{folder}.cgroups")
        self.nspawn = None
        self.pid = 0

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self.nspawn = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", str(BOOT), str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("wb"),
            stderr=subprocess.STDOUT,
        )
        try:
            self.pid = wait_until(self._first_process, 20, "systemd as PID 1 of the container")
            wait_until(lambda: self.active("hdrlog-test.target"), 30, "the container's target")
        except BaseException as error:
            self.__exit__()
            raise AssertionError(f"{error}\n{self.output.read_text(errors='replace')}") from error
        return self

    def _first_process(self):
        assert self.nspawn.poll() is None, "systemd-nspawn ended"
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        names = {pathlib.Path(f"/proc/{child}/comm").read_text().strip(): int(child) for child in children}
        return names.get("systemd")

    def __exit__(self, *_):
        # Two SIGTERMs would kill the container instead of shutting it down.
        self.nspawn.send_signal(signal.SIGTERM)
        try:
            self.nspawn.wait(20)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()
        for group in self.cgroups.read_text().split() if self.cgroups.exists() else []:
            run("find", group, "-depth", "-type", "d", "-delete", check=False)

    @property
    def root(self) -> pathlib.Path:
        """The container's file system, seen from outside."""
        return pathlib.Path(f"/proc/{self.pid}/root")

    def prefix(self) -> list[str]:
        return ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        return run(*self.prefix(), *command, **options)

    def run_as(self, user: str, *command, **options) -> subprocess.CompletedProcess:
        return self.run("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command, **options)

    def active(self, unit: str) -> bool:
        return self.run("systemctl", "is-active", "--quiet", unit, check=False).returncode == 0

    def show(self, unit: str, name: str) -> str:
        """A property of a unit, as `systemctl show` names it."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    @contextlib.contextmanager
    def drop_in(self, unit: str, section: str):
        """Settings of a unit's [Service] section, in force from the next start of it on, within the context."""
        path = self.root / f"run/systemd/system/{unit}.d/test.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[Service]\n{section}\n")
        self.run("systemctl", "daemon-reload")
        try:
            yield
        finally:
            path.unlink()
            self.run("systemctl", "daemon-reload")

    def journal(self, unit: str) -> str:
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--no-pager", "--quiet", "--output=cat", "--unit", unit).stdout

    def install(self):
        """`make install` into the running system, then what a package's scripts would do."""
        run(PROJECT / "scripts/install-files", "--destdir", self.root, "--prefix", "/usr")
        self.run("systemd-sysusers")
        self.run("systemd-tmpfiles", "--create", "hdrlog.conf")
        self.run("systemctl", "daemon-reload")
