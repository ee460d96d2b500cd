"""A version of the programs, and of what reads them, whose structures are laid out in another way.

A copy of the sources in .build/other-layout: in the shared headers, the fields of each structure stand in the reverse
order and have new ones between them, and the rings consist of larger pieces. Tests/OtherLayout has the program around
it.
"""

import pathlib
import re

from .commands import PROJECT, run

FOLDER = PROJECT / ".build/other-layout"
RELAY = FOLDER / ".build/debug/Relay"
MODULES = ("BPF", "Capture", "CLibBPF", "CLinux", "CSystemd", "EmbedBPF", "Filter", "Records")
SYSTEMD = ("DescriptorStore.swift", "ServiceManager.swift")  # of Sources/Daemon/System

# The flow's key is also the begin of what rules see, a bank has an initializer with all fields, the longest record is a
# record with its headers behind it, and the verifier does not follow the compiler when nothing lies behind the counts.
AS_IT_IS = ("hdrlog_flow_key", "hdrlog_bank", "hdrlog_longest_record", "hdrlog_counters")
# Programs see all of it or nothing: eight bytes.
NOT_LONGER = ("hdrlog_port",)

STRUCTURE = re.compile(r"^struct (\w+) \{\n(.*?)^\};\n", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"(?:\t/\*.*?\*/\n)*\t\w[^;]*;[^\n]*\n", re.DOTALL)  # with the comment before it, and the one behind


def rearrange(header: str) -> str:
    """The header with its structures laid out in another way."""
    changed = set()

    def other(match: re.Match) -> str:
        name, body = match.groups()
        if name in AS_IT_IS:
            return match[0]
        changed.add(name)
        fields = FIELD.findall(body)[::-1]
        assert "".join(fields[::-1]) == body, f"struct {name}: not a list of fields"
        if name not in NOT_LONGER:
            fields.insert(len(fields) // 2, "\t__u64 added_here;\n")
            fields.append("\t__u64 added_too;\n")
        return f"struct {name} {{\n{''.join(fields)}}};\n"

    header = STRUCTURE.sub(other, header)
    for name in changed:
        header = re.sub(rf"^_Static_assert\(sizeof\(struct {name}\).*\n", "", header, flags=re.MULTILINE)
    assert changed
    return header.replace("#define HDRLOG_RING_PIECE 65536", "#define HDRLOG_RING_PIECE 131072")


def sources() -> dict[pathlib.Path, str]:
    """What lies in the folder, by path there."""
    found = {}

    def add(there, folder, names="**/*"):
        for path in (PROJECT / folder).glob(names):
            if path.is_file():
                found[pathlib.Path(there) / path.relative_to(PROJECT / folder)] = path.read_text()

    for module in MODULES:
        add(f"Sources/{module}", f"Sources/{module}")
    add("bpf", "bpf")
    add("Plugins", "Plugins")
    add("Sources", "Tests/OtherLayout")
    for name in SYSTEMD:
        add("Sources/Relay", "Sources/Daemon/System", name)
    found[pathlib.Path("Package.swift")] = found.pop(pathlib.Path("Sources/Package.swift"))
    for name in ("hdrlog.h", "hdrlog_flow.h"):
        path = pathlib.Path("bpf/include") / name
        found[path] = rearrange(found[path])
    return found


def build() -> pathlib.Path:
    """Only what has changed is written, and built, again. Returns the program."""
    wanted = sources()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.rglob("*"):
        there = path.relative_to(FOLDER)
        if path.is_file() and there.parts[0] != ".build" and there not in wanted:
            path.unlink()
    for path, text in wanted.items():
        file = FOLDER / path
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    run("swift", "build", "--package-path", FOLDER, "--static-swift-stdlib", "--product", "Relay", timeout=900)
    return RELAY
