"""What was on the wire can be rebuilt from the log bit for bit."""

import pytest

from harness import captures, frames
from harness.fidelity import export, logging, sendable_corpus

pytestmark = pytest.mark.skipif(not captures.TSHARK, reason=captures.NO_TSHARK)


def differences(sent: list[bytes], exported: list[captures.Captured], before: int, after: int) -> list[str]:
    """The exported frames must be the beginnings of those sent, in their order, with true lengths and times."""
    found = [f"{len(exported)} frames instead of {len(sent)}"] if len(exported) != len(sent) else []
    last = before - 2_000_000  # the two clocks are read one after the other
    for number, (frame, kept) in enumerate(zip(sent, exported, strict=False), 1):
        if not frame.startswith(kept.data) or kept.length != len(frame):
            found.append(f"frame {number}: sent {frame.hex()}, got {kept}")
        if not last <= kept.time <= after + 2_000_000:
            found.append(f"frame {number}: time {kept.time} not from {last} to {after}")
        if kept.interface not in ("logged", "") or kept.inbound is False:
            found.append(f"frame {number}: {kept.interface} {kept.inbound}")
        last = kept.time
    return found


def kept_length(row: dict[str, str]) -> int | None:
    """Header bytes of a frame by its ground truth; None where they cannot be told from it."""
    link = 14 + 4 * len(row.get("vlan.id", "").split("|") if "vlan.id" in row else [])
    if row["agree"] != "1" or row.get("ipv6.nxt") != row.get("ipv6.upper"):
        return None
    if row.get("l3") == "arp":
        return link + 28
    if "l4" not in row or (row["l4"] == "tcp" and "tcp.hdr_len" not in row):
        return None
    network = int(row["ip.hdr_len"]) if row["l3"] == "ipv4" else 40
    transport = {"tcp": int(row.get("tcp.hdr_len", 0)), "udp": 8, "icmp": 8, "icmpv6": 8, "udplite": 8}
    return link + network + transport[row["l4"]]


@pytest.mark.parametrize("hook", ["tc", "native", "generic"])
def test_every_kind_of_frame_comes_out_as_it_went_in(quiet_lab, folder, hook):
    """By each hook, in pcapng and pcap."""
    sent = [frame for frame in frames.every_kind() for _ in range(3)]
    with logging(quiet_lab, folder, sent, hook) as (daemon, before, after):
        path = export(daemon, folder)
        assert differences(sent, captures.read_pcapng(path), before, after) == []
        assert len(captures.read_by_tshark(path)) == len(sent)
        path = export(daemon, folder, "--format", "pcap")
        assert differences(sent, captures.read_pcap(path), before, after) == []
        assert len(captures.read_by_tshark(path)) == len(sent)


@pytest.mark.skipif(not captures.CORPUS, reason=captures.NO_CORPUS)
@pytest.mark.parametrize("hook", ["tc", "native"])
def test_the_corpus_comes_out_as_it_went_in(quiet_lab, folder, hook):
    """Every capture that can be sent: header bytes, their extent, lengths, times, interface, direction."""
    sent, rows = sendable_corpus()
    with logging(quiet_lab, folder, sent, hook) as (daemon, before, after):
        path = export(daemon, folder)
        exported = captures.read_pcapng(path)
        print(f"{len(exported)} frames exported, {sum(len(frame.data) for frame in exported)} header bytes")
        assert differences(sent, exported, before, after)[:10] == []
        told = [(kept_length(row), frame) for row, frame in zip(rows, exported, strict=True)]
        assert [pair for pair in told if pair[0] and min(pair[0], pair[1].length) != len(pair[1].data)][:10] == []
        assert len(captures.read_by_tshark(path)) == len(sent)
