"""Running programs and waiting for what they cause."""

import pathlib
import subprocess
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
RELEASE = PROJECT / ".build/release"
HDRLOGD = RELEASE / "hdrlogd"
HDRCTL = RELEASE / "hdrctl"
HDRGEN = RELEASE / "hdrgen"


def run(*command, check=True, timeout=60, **options) -> subprocess.CompletedProcess:
    """Runs a program to its end; a failure raises with what the program said."""
    options = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, **options)
    if check and result.returncode != 0:
        line = " ".join(str(part) for part in command)
        raise AssertionError(f"{line}: exit status {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def wait_until(condition, seconds: float, what: str):
    """The condition's first true value; an assertion that names `what` if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
