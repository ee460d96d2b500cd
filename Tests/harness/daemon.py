"""hdrlogd in the foreground, on a host of the lab, with a configuration, a state directory and a socket of its own."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from .commands import HDRCTL, HDRLOGD, run, wait_until
from .lab import Host


class Daemon:
    """Settings are given as section__key=value. The process is `process`, its log `log()`."""

    def __init__(self, host: Host, folder: pathlib.Path, **settings):
        self.host = host
        self.folder = folder
        self.state = folder / "state"
        self.socket = folder / "hdrlogd.sock"
        self.config = folder / "hdrlogd.toml"
        self.process = None
        self.seconds_to_ready = None
        self.settings = {
            "capture__interfaces": [host.device],
            "storage__directory": str(self.state),
            "storage__keep_free": "64M",
            "socket__path": str(self.socket),
            "socket__group": "root",
        }
        self.state.mkdir(exist_ok=True)
        self.configure(**settings)

    def configure(self, **settings):
        """Writes the configuration file; a value of None leaves a key out."""
        self.settings.update(settings)
        sections = {}
        for name, value in self.settings.items():
            section, _, key = name.partition("__")
            if value is not None:
                sections.setdefault(section, []).append(f"{key} = {json.dumps(value)}")
        self.config.write_text("\n".join(f"[{name}]\n" + "\n".join(keys) for name, keys in sections.items()) + "\n")

    def start(self):
        """Starts the daemon and waits for READY=1, as systemd would."""
        notify_path = self.folder / "notify"
        notify_path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(notify_path))
            notify.settimeout(10)
            started = time.monotonic()
            self.spawn(NOTIFY_SOCKET=str(notify_path))
            while True:
                try:
                    message = notify.recv(4096).decode()
                except TimeoutError:
                    raise AssertionError(f"no READY=1 within 10 s\n{self.log()}") from None
                if "READY=1" in message.split("\n"):
                    break
            self.seconds_to_ready = time.monotonic() - started
        return self

    def spawn(self, **environment):
        """Starts the daemon without waiting for anything."""
        self.process = subprocess.Popen(
            [*self.host.prefix(), str(HDRLOGD), "--config", str(self.config)],
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )

    def stop(self, number=signal.SIGTERM, timeout=15) -> int:
        """Ends the daemon; its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the daemon did not end within {timeout} s\n{self.log()}") from None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def hdrctl(self, command: str, *arguments, **options) -> subprocess.CompletedProcess:
        return run(HDRCTL, command, "--socket", self.socket, *arguments, **options)

    def query(self, *arguments) -> list[dict]:
        """Records of an answer; its other lines (completeness, gaps) go to stderr and are left out."""
        output = self.hdrctl("query", *arguments, "-o", "json").stdout
        return [json.loads(line) for line in output.splitlines()]

    def status(self) -> dict:
        return json.loads(self.hdrctl("status", "-o", "json").stdout)

    def counters(self, direction: str = "in") -> dict:
        """The exact counters of the host's device."""
        found = [entry for entry in self.status()["interfaces"] if entry["direction"] == direction]
        assert len(found) == 1, found
        return found[0]["counters"]

    def wait_for_records(self, count: int, *arguments, seconds: float = 5) -> list[dict]:
        return wait_until(
            lambda: (found := self.query(*arguments)) if len(self.query(*arguments)) >= count else None,
            seconds,
            f"{count} records for {' '.join(map(str, arguments)) or 'everything'}",
        )
