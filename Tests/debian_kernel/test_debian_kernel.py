"""The packaged daemon on Debian 12's own kernel and systemd, booted by qemu without hardware virtualization."""

import os
import shutil
import subprocess

import pytest

from harness.commands import PROJECT, run

HERE = PROJECT / "Tests/debian_kernel"
MACHINE = PROJECT / ".build/debian-kernel"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: debootstrap"),
    pytest.mark.skipif(
        not all(map(shutil.which, ["qemu-system-x86_64", "debootstrap"])),
        reason="needs scripts/install-dependencies all",
    ),
]

FACTS = [
    "the service starts",
    "packets pass",
    "their headers are in the log",
    "status answers",
    "ignored packets pass",
    "a rule ignores packets",
    "programs at tc are filters",
    "restarts and a kill let no packet go by uncounted",
    "what status counts adds up",
    "the service stops",
    "nothing is left attached",
]


@pytest.fixture(scope="module")
def console():
    """What the machine said on its serial line until it powered itself off."""
    run("make", "-C", PROJECT, "deb", timeout=900)
    package = next((PROJECT / ".build/deb").glob("*.deb"))
    run(HERE / "build-machine.sh", MACHINE, package, HERE / "guest.sh", timeout=300)
    return boot()


def boot() -> str:
    command = [
        "qemu-system-x86_64",
        "-machine",
        "q35,accel=tcg",
        "-cpu",
        "max",
        "-smp",
        "2",
        "-m",
        "1024",
        "-nographic",
        "-no-reboot",
        "-nic",
        "none",
        "-kernel",
        MACHINE / "vmlinuz",
        "-initrd",
        MACHINE / "initrd",
        "-drive",
        f"file={MACHINE / 'root.ext4'},if=virtio,format=raw",
        "-append",
        "console=ttyS0 quiet panic=-1 systemd.wants=guest.service systemd.mask=serial-getty@ttyS0.service",
    ]
    output = MACHINE / "console.log"
    with output.open("wb") as file:
        subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=True,
        )
    return output.read_text(errors="replace").replace("\r", "")


def test_the_kernel_is_debians(console):
    assert "KERNEL 6.1." in console


@pytest.mark.parametrize("fact", FACTS)
def test_on_debians_kernel(console, fact):
    lines = [line for line in console.splitlines() if line.startswith((f"PASS {fact}", f"FAIL {fact}"))]
    assert lines, f"not reached\n{console[-3000:]}"
    assert lines[0] == f"PASS {fact}"
