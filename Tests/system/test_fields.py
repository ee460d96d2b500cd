"""Every field of a record is what other decoders read in the frame."""

import json

import pytest

from harness import captures, dissection, frames
from harness.fidelity import export, logging, sendable_corpus

TSHARK = pytest.mark.skipif(not captures.TSHARK, reason=captures.NO_TSHARK)


def records(daemon, folder, *arguments) -> list[dict]:
    """All of them, header bytes included."""
    lines = export(daemon, folder, "--format", "json", *arguments).read_text().splitlines()
    return [json.loads(line) for line in lines]


@TSHARK
@pytest.mark.parametrize("hook", ["tc", "native"])
def test_fields_of_every_kind_of_frame_are_those_that_tshark_reads(quiet_lab, folder, hook):
    sent = frames.every_kind()
    captures.write_pcap(folder / "sent.pcap", sent)
    expected = dissection.read(folder / "sent.pcap")
    with logging(quiet_lab, folder, sent, hook) as (daemon, _, _):
        found = records(daemon, folder)
    wrong = [dissection.differences(want, record) for want, record in zip(expected, found, strict=True)]
    assert [(number, each) for number, each in enumerate(wrong) if each] == []


def by_truth(row: dict[str, str]) -> dict:
    """The fields of a record by a row of the corpus' ground truth; see its README for the columns."""
    fields = {"vlanCount": 0}

    def take(column: str, name: str, convert=lambda text: int(text, 0)):
        if column in row:
            fields[name] = convert(row[column])

    for column, name in COLUMNS.items():
        take(column, name)
    for column, name in WORDS.items():
        take(column, name, lambda text: int(text) // 4)
    for column, name in FLAGS.items():
        take(column, name, lambda text: text == "1")
    for column, name in TEXTS.items():
        take(column, name, str)
    for column in ("ip.dsfield", "ipv6.tclass"):
        take(column, "dscp", lambda text: int(text, 16) >> 2)
        take(column, "ecn", lambda text: int(text, 16) & 3)
    for column, name in TAGS.items():
        values = [int(value, 0) for value in row[column].split("|")] if column in row else []
        fields["vlanCount"] = max(fields["vlanCount"], len(values))
        inner = f"inner{name[0].upper()}{name[1:]}"
        fields |= {
            key: bool(value) if key.endswith("Dei") else value
            for key, value in zip((name, inner), values, strict=False)
        }
    return fields


COLUMNS = {
    "eth.payload_type": "etherType",
    "ip.version": "ipVersion",
    "ip.len": "totalLength",
    "ip.id": "identification",
    "ip.frag_offset": "fragmentOffset",
    "ip.ttl": "ttl",
    "ip.proto": "protocol",
    "ip.checksum": "headerChecksum",
    "ipv6.version": "ipVersion",
    "ipv6.flow": "flowLabel",
    "ipv6.plen": "payloadLength",
    "ipv6.nxt": "nextHeader",
    "ipv6.hlim": "ttl",
    "ipv6.upper": "protocol",
    "ipv6.frag.offset": "fragmentOffset",
    "ipv6.frag.ident": "identification",
    "tcp.srcport": "sourcePort",
    "tcp.dstport": "destinationPort",
    "tcp.seq_raw": "sequence",
    "tcp.ack_raw": "acknowledgment",
    "tcp.flags": "tcpFlags",
    "tcp.window_size_value": "window",
    "tcp.checksum": "checksum",
    "tcp.urgent_pointer": "urgentPointer",
    "udp.srcport": "sourcePort",
    "udp.dstport": "destinationPort",
    "udp.length": "udpLength",
    "udp.checksum": "checksum",
    "icmp.type": "icmpType",
    "icmp.code": "icmpCode",
    "icmpv6.type": "icmpType",
    "icmpv6.code": "icmpCode",
}
WORDS = {"ip.hdr_len": "ihl", "tcp.hdr_len": "dataOffset"}
FLAGS = {
    "ip.flags.rb": "reservedFlag",
    "ip.flags.df": "dontFragment",
    "ip.flags.mf": "moreFragments",
    "ipv6.frag.more": "moreFragments",
}
TEXTS = {
    "ip.src": "source",
    "ip.dst": "destination",
    "ipv6.src": "source",
    "ipv6.dst": "destination",
    "eth.src": "sourceMac",
    "eth.dst": "destinationMac",
}
TAGS = {"vlan.id": "vlan", "vlan.tpid": "vlanTpid", "vlan.priority": "vlanPcp", "vlan.dei": "vlanDei"}

# Fields that the truth tells of every frame that has them: a record must not have one where the truth has none.
TOLD = {*COLUMNS.values(), *WORDS.values(), *FLAGS.values(), *TEXTS.values(), *TAGS.values()} - {
    "checksum",  # not told of ICMP
    "sourcePort",  # nor ports of SCTP
    "destinationPort",
}


@pytest.mark.skipif(not captures.CORPUS, reason=captures.NO_CORPUS)
@pytest.mark.parametrize("hook", ["tc", "native"])
def test_fields_of_the_corpus_are_those_of_its_ground_truth(quiet_lab, folder, hook):
    """Every frame that can be sent, out of a query's JSON, where the two decoders that made the truth agree."""
    sent, rows = sendable_corpus()
    with logging(quiet_lab, folder, sent, hook) as (daemon, _, _):
        found = daemon.query()
    assert len(found) == len(sent)
    wrong, compared = [], 0
    for number, (row, record) in enumerate(zip(rows, found, strict=True)):
        if row["agree"] != "1":
            continue
        compared += 1
        want = by_truth(row)
        wrong += [
            f"{number} {name}: expected {want.get(name)!r}, logged {record.get(name)!r}"
            for name in want.keys() | (TOLD & record.keys())
            if want.get(name) != record.get(name)
        ]
    print(f"{compared} of {len(sent)} frames compared")
    assert wrong[:20] == []
