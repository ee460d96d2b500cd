"""What a command that hangs, and everything that it started, is doing; and its end."""

import contextlib
import os
import pathlib
import signal


def processes(session: int) -> list[dict]:
    """What runs in a session, or was started by one of its processes: from /proc."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().rpartition(")")
            state, parent, _, own = rest.split()[:4]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # it has ended
        found[int(folder.name)] = {
            "pid": int(folder.name),
            "parent": int(parent),
            "session": int(own),
            "state": state,
            "command": command or name.partition("(")[2],
        }
    chosen = {pid for pid, entry in found.items() if entry["session"] == session}
    while more := {pid for pid, entry in found.items() if entry["parent"] in chosen} - chosen:
        chosen |= more
    return [found[pid] for pid in sorted(chosen)]


def peek(path: pathlib.Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        return f"({error.strerror})"


def describe(session: int) -> str:
    """What the processes of a session are doing: each thread's state, and where in the kernel it waits."""
    lines = []
    for entry in processes(session):
        lines.append(f"{entry['pid']:>8} parent {entry['parent']} {entry['state']} {entry['command'][:160]}")
        for task in sorted(pathlib.Path(f"/proc/{entry['pid']}/task").glob("*"))[:16]:
            wait, call = peek(task / "wchan"), peek(task / "syscall").split(" ")[0]
            lines.append(f"           {peek(task / 'comm')}: waits in {wait}, system call {call}")
            lines += [
                f"             {line}" for line in peek(task / "stack").splitlines()[:6] if not line.startswith("(")
            ]
    locks = peek(pathlib.Path("/proc/locks"))
    return "\n".join([*lines, "file locks:", locks])


def kill(session: int):
    for entry in processes(session):
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry["pid"], signal.SIGKILL)
