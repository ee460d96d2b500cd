"""Frames composed in code, each with the fields that the log must show for it, by the names of the JSON output."""

import ipaddress
import struct
from dataclasses import dataclass

from .lab import Host

# An address that no device here has: the receiving stack ignores the frame and answers nothing.
SOURCE_MAC, DESTINATION_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


@dataclass
class Frame:
    data: bytes
    fields: dict

    def matches(self, record: dict) -> bool:
        return not self.differences(record)

    def differences(self, record: dict) -> list[str]:
        """A tag that was taken off before the hook is no part of the frame's length there."""
        record = {**record, "frameLength": record.get("frameLength", 0) + (4 if record.get("vlanStripped") else 0)}
        return [
            f"{name}: sent {value!r}, logged {record.get(name)!r}"
            for name, value in self.fields.items()
            if record.get(name) != value
        ]


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ethernet(ether_type: int, payload: Frame, vlan: int | None, priority: int) -> Frame:
    head = _mac(DESTINATION_MAC) + _mac(SOURCE_MAC)
    fields = {"sourceMac": SOURCE_MAC, "destinationMac": DESTINATION_MAC, "etherType": ether_type, **payload.fields}
    if vlan is not None:
        head += struct.pack("!HH", 0x8100, priority << 13 | vlan)
        fields |= {"vlan": vlan, "vlanPcp": priority, "vlanTpid": 0x8100}
    data = head + struct.pack("!H", ether_type) + payload.data
    return Frame(data, fields | {"frameLength": len(data)})


def _pseudo_header(source, destination, protocol: int, length: int) -> bytes:
    if source.version == 4:
        return source.packed + destination.packed + struct.pack("!BBH", 0, protocol, length)
    return source.packed + destination.packed + struct.pack("!IHBB", length, 0, 0, protocol)


def _ip(
    source: str, destination: str, protocol: int, transport: Frame, ttl: int, identification: int
) -> tuple[int, Frame]:
    """EtherType and packet. Only IPv4 has the identification."""
    first, second = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    fields = {
        "ipVersion": first.version,
        "source": source,
        "destination": destination,
        "protocol": protocol,
        "ttl": ttl,
        **transport.fields,
    }
    if first.version == 6:
        head = (
            struct.pack("!IHBB", 6 << 28 | 0x12345, len(transport.data), protocol, ttl) + first.packed + second.packed
        )
        return 0x86DD, Frame(
            head + transport.data, fields | {"flowLabel": 0x12345, "payloadLength": len(transport.data)}
        )
    total = 20 + len(transport.data)
    head = struct.pack("!BBHHHBBH", 0x45, 0, total, identification, 0x4000, ttl, protocol, 0)
    head += first.packed + second.packed
    sum_of_head = checksum(head)
    head = head[:10] + struct.pack("!H", sum_of_head) + head[12:]
    fields |= {
        "totalLength": total,
        "identification": identification,
        "headerChecksum": sum_of_head,
        "dontFragment": True,
        "moreFragments": False,
    }
    return 0x0800, Frame(head + transport.data, fields)


def _checksummed(source: str, destination: str, protocol: int, data: bytes, at: int) -> tuple[bytes, int]:
    """The transport header and payload with its checksum put in at an offset."""
    pseudo = _pseudo_header(ipaddress.ip_address(source), ipaddress.ip_address(destination), protocol, len(data))
    value = checksum(pseudo + data)
    return data[:at] + struct.pack("!H", value) + data[at + 2 :], value


def udp(
    source: str,
    destination: str,
    source_port: int,
    destination_port: int,
    *,
    payload=b"",
    vlan=None,
    priority=0,
    ttl=64,
    identification=1,
) -> Frame:
    length = 8 + len(payload)
    data = struct.pack("!HHHH", source_port, destination_port, length, 0) + payload
    data, value = _checksummed(source, destination, 17, data, 6)
    fields = {"sourcePort": source_port, "destinationPort": destination_port, "udpLength": length, "checksum": value}
    return _ethernet(*_ip(source, destination, 17, Frame(data, fields), ttl, identification), vlan, priority)


def tcp(
    source: str,
    destination: str,
    source_port: int,
    destination_port: int,
    *,
    flags=0x02,
    sequence=1,
    acknowledgment=0,
    window=64240,
    mss=None,
    payload=b"",
    vlan=None,
    priority=0,
    ttl=64,
    identification=1,
) -> Frame:
    options = struct.pack("!BBH", 2, 4, mss) if mss else b""
    words = 5 + len(options) // 4
    data = struct.pack(
        "!HHIIHHHH", source_port, destination_port, sequence, acknowledgment, words << 12 | flags, window, 0, 0
    )
    data, value = _checksummed(source, destination, 6, data + options + payload, 16)
    fields = {
        "sourcePort": source_port,
        "destinationPort": destination_port,
        "sequence": sequence,
        "window": window,
        "acknowledgment": acknowledgment,
        "tcpFlags": flags,
        "dataOffset": words,
        "checksum": value,
    }
    if mss:
        fields["mss"] = mss
    return _ethernet(*_ip(source, destination, 6, Frame(data, fields), ttl, identification), vlan, priority)


SEND = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
for line in sys.stdin:
    wire.send(bytes.fromhex(line))
"""


def send(host: Host, frames: list[Frame]):
    """Puts frames on the host's wire, as they are."""
    host.run("/usr/bin/python3", "-c", SEND, host.device, input="".join(frame.data.hex() + "\n" for frame in frames))
