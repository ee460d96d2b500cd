"""A small disk: ext4 on a loop device, whose kernel counts what is written to it."""

import contextlib
import pathlib

from .commands import run


class LoopDisk:
    def __init__(self, image: pathlib.Path, mount_point: pathlib.Path, megabytes: int):
        self.mount_point = mount_point
        mount_point.mkdir(parents=True, exist_ok=True)
        run("truncate", "-s", f"{megabytes}M", image)
        # Without initialising the rest in the background, which would be counted as well.
        run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        self.device = run("losetup", "--find", "--show", image).stdout.strip()
        run("mount", self.device, mount_point)

    def written(self) -> int:
        """Bytes that reached the device."""
        stat = pathlib.Path("/sys/block", pathlib.Path(self.device).name, "stat").read_text().split()
        return int(stat[6]) * 512

    def close(self):
        run("umount", self.mount_point, check=False)
        run("losetup", "--detach", self.device, check=False)


@contextlib.contextmanager
def loop_disk(folder: pathlib.Path, megabytes: int = 512):
    """In memory, so that a day of writes takes a minute."""
    image = pathlib.Path("/dev/shm") / f"hdrlog-loop-{folder.name}-{id(folder)}.img"
    disk = LoopDisk(image, folder / "disk", megabytes)
    try:
        yield disk
    finally:
        disk.close()
        image.unlink(missing_ok=True)
