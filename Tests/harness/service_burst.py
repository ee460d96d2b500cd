"""The installed service under a burst of an exact number of frames: what it counted, stored and lost."""

import json
import threading
import time

from harness.commands import HDRGEN, wait_until

SERVICE = "hdrlogd.service"
FRAMES = 2_000_000
CONFIG = """
[capture]
interfaces = ["logged"]
direction = "in"
hook = "{hook}"
ring_memory = "{ring}"
[storage]
keep_free = "16M"
"""


def configure(system, ring="16M"):
    path = system.root / "etc/hdrlog/hdrlogd.toml"
    path.write_text(CONFIG.format(hook=system.hook, ring=ring))


def status(system) -> dict:
    return json.loads(system.run("hdrctl", "status", "-o", "json").stdout)


def counters(system) -> dict:
    found = status(system)
    assert found["consistent"], found
    return found["interfaces"][0]["counters"]


class Burst:
    """Exactly FRAMES frames from the peer, at full speed without a rate. Leaving the context waits for their end."""

    def __init__(self, system, rate: int | None = None, flows: int = 1):
        peer = system.lab.peer
        command = [HDRGEN, "--interface", peer.device, "--count", FRAMES, "--flows", flows]
        command += ["--rate", rate] if rate else []
        self.thread = threading.Thread(target=lambda: peer.run(*command, timeout=120))

    def __enter__(self):
        self.thread.start()
        time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.thread.join()

    @property
    def lasts(self) -> bool:
        return self.thread.is_alive()


def settled(system) -> dict:
    """The counters once nothing is on its way any more but a block that is not full."""

    def look():
        found = counters(system)
        handled = found["stored"] + found["waiting"] + found["ringLost"] + found["storeLost"]
        return found if found["frames"] >= FRAMES and handled == found["sampled"] else None

    return wait_until(look, 20, f"{FRAMES} frames seen")


def stored(system) -> int:
    answer = system.run("hdrctl", "top", "--by", "protocol", "--since", "1h", "-o", "json", timeout=120).stdout
    return json.loads(answer)["total"]["records"]
