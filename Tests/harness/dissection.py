"""What other decoders read in a frame, by the names that the log has for it."""

import dataclasses
import ipaddress
import pathlib
from collections.abc import Callable

from . import captures

Values = list[str]


def number(values: Values) -> int:
    return int(values[0], 0)


def flag(values: Values) -> bool:
    return values[0] in ("1", "True")


def text(values: Values) -> str:
    return values[0]


def address(values: Values) -> str:
    return str(ipaddress.ip_address(values[0]))


def words(values: Values) -> int:
    return number(values) // 4


@dataclasses.dataclass
class Known:
    """A field of the log, the decoder's field that holds the same, and how to turn one into the other."""

    name: str
    field: str
    convert: Callable[[Values], object] = number


# By the decoder's protocol. Fields of a protocol are compared where it is the outermost of its kind.
FIELDS = {
    "eth": [Known("sourceMac", "eth.src", text), Known("destinationMac", "eth.dst", text)],
    "ip": [
        Known("ipVersion", "ip.version"),
        Known("ihl", "ip.hdr_len", words),
        Known("dscp", "ip.dsfield.dscp"),
        Known("ecn", "ip.dsfield.ecn"),
        Known("totalLength", "ip.len"),
        Known("identification", "ip.id"),
        Known("reservedFlag", "ip.flags.rb", flag),
        Known("dontFragment", "ip.flags.df", flag),
        Known("moreFragments", "ip.flags.mf", flag),
        Known("fragmentOffset", "ip.frag_offset"),
        Known("ttl", "ip.ttl"),
        Known("protocol", "ip.proto"),
        Known("headerChecksum", "ip.checksum"),
        Known("headerChecksumValid", "ip.checksum.status", flag),
        Known("source", "ip.src", address),
        Known("destination", "ip.dst", address),
    ],
    "ipv6": [
        Known("ipVersion", "ipv6.version"),
        Known("dscp", "ipv6.tclass.dscp"),
        Known("ecn", "ipv6.tclass.ecn"),
        Known("flowLabel", "ipv6.flow"),
        Known("payloadLength", "ipv6.plen"),
        Known("nextHeader", "ipv6.nxt"),
        Known("ttl", "ipv6.hlim"),
        Known("source", "ipv6.src", address),
        Known("destination", "ipv6.dst", address),
    ],
    "ipv6.fraghdr": [
        Known("identification", "ipv6.fraghdr.ident"),
        Known("moreFragments", "ipv6.fraghdr.more", flag),
        Known("fragmentOffset", "ipv6.fraghdr.offset"),
    ],
    "arp": [
        Known("arpOperation", "arp.opcode"),
        Known("arpSenderMac", "arp.src.hw_mac", text),
        Known("arpSenderAddress", "arp.src.proto_ipv4", address),
        Known("arpTargetMac", "arp.dst.hw_mac", text),
        Known("arpTargetAddress", "arp.dst.proto_ipv4", address),
    ],
    "tcp": [
        Known("sourcePort", "tcp.srcport"),
        Known("destinationPort", "tcp.dstport"),
        Known("sequence", "tcp.seq_raw"),
        Known("acknowledgment", "tcp.ack_raw"),
        Known("dataOffset", "tcp.hdr_len", words),
        Known("tcpFlags", "tcp.flags"),
        Known("window", "tcp.window_size_value"),
        Known("checksum", "tcp.checksum"),
        Known("urgentPointer", "tcp.urgent_pointer"),
        Known("tcpOptions", "tcp.options", text),
        Known("mss", "tcp.options.mss_val"),
        Known("windowScale", "tcp.options.wscale.shift"),
        Known("sackPermitted", "tcp.options.sack_perm", lambda _: True),
        Known("tsVal", "tcp.options.timestamp.tsval"),
        Known("tsEcr", "tcp.options.timestamp.tsecr"),
    ],
    "udp": [
        Known("sourcePort", "udp.srcport"),
        Known("destinationPort", "udp.dstport"),
        Known("udpLength", "udp.length"),
        Known("checksum", "udp.checksum"),
    ],
    "udplite": [
        Known("sourcePort", "udp.srcport"),
        Known("destinationPort", "udp.dstport"),
        Known("udpLength", "udp.checksum_coverage"),
        Known("checksum", "udp.checksum"),
    ],
    "icmp": [Known("icmpType", "icmp.type"), Known("icmpCode", "icmp.code"), Known("checksum", "icmp.checksum")],
    "icmpv6": [
        Known("icmpType", "icmpv6.type"),
        Known("icmpCode", "icmpv6.code"),
        Known("checksum", "icmpv6.checksum"),
    ],
    "sctp": [
        Known("sourcePort", "sctp.srcport"),
        Known("destinationPort", "sctp.dstport"),
        Known("verificationTag", "sctp.verification_tag"),
        Known("checksum", "sctp.checksum"),
    ],
    "gre": [
        Known("greFlags", "gre.flags_and_version"),
        Known("greProtocol", "gre.proto"),
        Known("greKey", "gre.key"),
        Known("checksum", "gre.checksum"),
    ],
    "esp": [Known("spi", "esp.spi"), Known("spiSequence", "esp.sequence")],
    "ah": [Known("spi", "ah.spi"), Known("spiSequence", "ah.sequence")],
}

# Protocols that put a tag in front: TPID, and the fields of VID, priority and DEI.
TAGS = {
    "vlan": (0x8100, ["vlan.id", "vlan.priority", "vlan.dei"]),
    "ieee8021ad": (0x88A8, ["ieee8021ad.id", "ieee8021ad.priority", "ieee8021ad.dei"]),
}
# IPv6 extension headers: number, and the field that says what follows.
EXTENSIONS = {
    "ipv6.hopopts": (0, "ipv6.hopopts.nxt"),
    "ipv6.routing": (43, "ipv6.routing.nxt"),
    "ipv6.fraghdr": (44, "ipv6.fraghdr.nxt"),
    "ah": (51, "ah.next_header"),
    "ipv6.dstopts": (60, "ipv6.dstopts.nxt"),
}
LAST = {"arp", "tcp", "udp", "udplite", "icmp", "icmpv6", "sctp", "gre", "esp"}

# What is compared is the frame as it is: nothing put together, computed or relative.
OPTIONS = {
    "ip.defragment": "FALSE",
    "ip.check_checksum": "TRUE",
    "ip.tso_support": "FALSE",
    "ipv6.defragment": "FALSE",
    "tcp.desegment_tcp_streams": "FALSE",
    "tcp.relative_sequence_numbers": "FALSE",
}


def read(path: pathlib.Path) -> list[dict]:
    """For each frame of a capture what tshark finds in its outermost headers, by the log's names."""
    fields = {known.field for group in FIELDS.values() for known in group} | {"frame.protocols", "eth.type"}
    fields |= {field for _, tag in TAGS.values() for field in tag} | {"vlan.etype"}
    fields |= {field for _, field in EXTENSIONS.values()}
    options = tuple(word for pair in OPTIONS.items() for word in ("-o", f"{pair[0]}:{pair[1]}"))
    return [_fields(row) for row in captures.read_by_tshark(path, *sorted(fields), options=options)]


def _fields(row: dict[str, Values]) -> dict:
    chain = _outermost(row["frame.protocols"][0])
    found = _tags(row, chain) | _extensions(row, chain)
    for protocol in chain:
        for known in FIELDS.get(protocol, []):
            if known.field in row and known.name not in found:
                found[known.name] = known.convert(row[known.field])
    return found


def _outermost(chain: str) -> list[str]:
    """The protocols up to the first L4 header; what lies in tunnels and ICMP errors is left out."""
    outer = []
    known = {"ethertype", *FIELDS, *TAGS, *EXTENSIONS}
    for protocol in chain.split(":"):
        if protocol not in known or (protocol in ("ip", "ipv6") and {"ip", "ipv6"} & set(outer)):
            break
        outer.append(protocol)
        if protocol in LAST or (protocol == "ah" and "ip" in outer):
            break
    return outer


def _tags(row: dict[str, Values], chain: list[str]) -> dict:
    tags = [protocol for protocol in chain if protocol in TAGS]
    found = {"vlanCount": len(tags)}
    rest = {field: list(values) for field, values in row.items()}
    for position, protocol in enumerate(tags):
        kind, fields = TAGS[protocol]
        identifier, priority, dei = (int(rest[field].pop(0), 0) for field in fields)
        if position < 2:
            prefix = ("vlan", "innerVlan")[position]
            found |= {prefix: identifier, f"{prefix}Tpid": kind, f"{prefix}Pcp": priority, f"{prefix}Dei": bool(dei)}
    # tshark has no field for the type behind an 802.1ad tag; none here stands last.
    types = row.get("vlan.etype" if tags else "eth.type")
    return found | ({"etherType": int(types[-1 if tags else 0], 0)} if types else {})


def _extensions(row: dict[str, Values], chain: list[str]) -> dict:
    if "ipv6" not in chain:
        return {}
    rest = {field: list(values) for field, values in row.items()}
    headers, upper = [], number(row["ipv6.nxt"])
    for protocol in chain:
        if protocol in EXTENSIONS:
            kind, field = EXTENSIONS[protocol]
            headers.append(kind)
            upper = int(rest[field].pop(0), 0)
    return {"extensionHeaders": headers, "protocol": upper}


def differences(expected: dict, record: dict) -> list[str]:
    """Fields in which a record is not what another decoder read, those included that it should not have."""
    known = {known.name for group in FIELDS.values() for known in group} | {"vlan", "innerVlan", "etherType"}
    names = expected.keys() | (known & record.keys())
    return [
        f"{name}: expected {expected.get(name)!r}, logged {record.get(name)!r}"
        for name in sorted(names)
        if expected.get(name) != record.get(name)
    ]
