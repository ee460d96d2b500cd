"""Frames of every kind that the log tells apart, as bytes with right lengths and checksums."""

import ipaddress
import struct

from .packets import checksum

MACS = bytes.fromhex("02000000000b02000000000a")
V4 = ipaddress.ip_address("198.51.100.7").packed + ipaddress.ip_address("192.0.2.1").packed
V6 = ipaddress.ip_address("2001:db8:1::7").packed + ipaddress.ip_address("2001:db8::1").packed
SYN_OPTIONS = bytes.fromhex("020405b40402080a01020304000000000103030e")


def ethernet(ether_type: int, payload: bytes, *tags: tuple[int, int]) -> bytes:
    """`tags`: TPID and TCI of each, outermost first."""
    announced = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return MACS + announced + struct.pack("!H", ether_type) + payload


def ipv4(protocol: int, payload: bytes, *, tos=0, flags=0x4000, identification=7, ttl=64, options=b"") -> bytes:
    """`flags`: the word with the fragment offset."""
    words, total = 5 + len(options) // 4, 20 + len(options) + len(payload)
    head = struct.pack("!BBHHHBBH", 4 << 4 | words, tos, total, identification, flags, ttl, protocol, 0) + V4 + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(next_header: int, payload: bytes, *, traffic_class=0, flow_label=0x12345, hop_limit=64) -> bytes:
    first = 6 << 28 | traffic_class << 20 | flow_label
    return struct.pack("!IHBB", first, len(payload), next_header, hop_limit) + V6 + payload


def transport(pseudo: bytes, protocol: int, data: bytes, at: int) -> bytes:
    """With its checksum at an offset; `pseudo`: the two addresses."""
    covered = pseudo + struct.pack("!II", len(data), protocol) + data
    return data[:at] + struct.pack("!H", checksum(covered) or 0xFFFF) + data[at + 2 :]


def tcp(pseudo: bytes, flags=0x18, *, options=b"", payload=b"") -> bytes:
    words = 5 + len(options) // 4
    head = struct.pack("!HHIIHHHH", 40000, 443, 0xFFFFFF00, 0x80000001, words << 12 | flags, 0xFAF0, 0, 3)
    return transport(pseudo, 6, head + options + payload, 16)


def udp(pseudo: bytes, payload=b"question") -> bytes:
    return transport(pseudo, 17, struct.pack("!HHHH", 5353, 53, 8 + len(payload), 0) + payload, 6)


def icmp(kind: int, code: int, rest: bytes, payload=bytes(40)) -> bytes:
    data = struct.pack("!BBH", kind, code, 0) + rest + payload
    return data[:2] + struct.pack("!H", checksum(data)) + data[4:]


def icmpv6(kind: int, code: int, rest: bytes, payload=bytes(40)) -> bytes:
    return transport(V6, 58, struct.pack("!BBH", kind, code, 0) + rest + payload, 2)


def extension(next_header: int, length=8) -> bytes:
    """Hop-by-hop, routing or destination options filled with one PadN."""
    return struct.pack("!BBBB", next_header, length // 8 - 1, 1, length - 4) + bytes(length - 4)


def fragment(next_header: int, offset: int, more: bool) -> bytes:
    return struct.pack("!BBHI", next_header, 0, offset << 3 | more, 0xCAFEBABE)


def arp(operation: int) -> bytes:
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + MACS[6:] + V4[:4] + bytes(6) + V4[4:]


AH = struct.pack("!BBHII", 6, 4, 0, 0x100, 9) + bytes(12)
ESP = struct.pack("!II", 0x200, 10) + bytes(64)
SCTP = struct.pack("!HHII", 2905, 2906, 0xDEADBEEF, 0x01020304) + bytes(16)
GRE = struct.pack("!HHHHII", 0xB000, 0x0800, 0, 0, 0x00C0FFEE, 11)


def every_kind() -> list[bytes]:
    """At least one frame for each header and each of its optional parts."""
    tcp4, tcp6 = tcp(V4, payload=b"GET"), tcp(V6, 0xFFF)
    return [
        ethernet(0x0800, ipv4(6, tcp(V4, 2, options=SYN_OPTIONS))),
        ethernet(0x0800, ipv4(6, tcp4, tos=0xBB, options=bytes.fromhex("94040000" + "01" * 36))),
        ethernet(0x0800, ipv4(6, tcp(V4, 0x10, options=b"\1" * 40))),
        ethernet(0x0800, ipv4(17, udp(V4))),
        ethernet(0x0800, ipv4(17, udp(V4)), (0x8100, 5 << 13 | 0x1000 | 42)),
        ethernet(0x0800, ipv4(17, udp(V4)), (0x88A8, 7 << 13 | 100), (0x8100, 3 << 13 | 200)),
        ethernet(0x86DD, ipv6(6, tcp6), (0x8100, 1), (0x8100, 2), (0x8100, 3)),
        ethernet(0x0800, ipv4(17, udp(V4, bytes(2960)))),
        ethernet(0x86DD, ipv6(0, extension(60) + extension(17, 184) + udp(V6, bytes(8700)))),
        ethernet(0x0800, ipv4(17, udp(V4, bytes(48)), flags=0x2000)),
        ethernet(0x0800, ipv4(17, bytes(48), flags=0x2007)),
        ethernet(0x0800, ipv4(17, bytes(48), flags=0x8009)),
        ethernet(0x0800, ipv4(1, icmp(8, 0, b"\0\1\0\2"))),
        ethernet(0x0800, ipv4(1, icmp(3, 4, b"\0\0\5\x78", ipv4(17, udp(V4))))),
        ethernet(0x0800, ipv4(132, SCTP)),
        ethernet(0x0800, ipv4(47, GRE + ipv4(17, udp(V4)))),
        ethernet(0x0800, ipv4(50, ESP)),
        ethernet(0x0800, ipv4(51, AH + tcp4)),
        ethernet(0x0800, ipv4(136, transport(V4, 136, struct.pack("!HHHH", 7, 8, 0, 0) + b"lite", 6))),
        ethernet(0x0800, ipv4(253, bytes(20), ttl=1)),
        ethernet(0x0800, ipv4(4, ipv4(17, udp(V4)))),
        ethernet(0x86DD, ipv6(6, tcp6, traffic_class=0xB9, flow_label=0xFFFFF, hop_limit=255)),
        ethernet(0x86DD, ipv6(17, udp(V6))),
        ethernet(0x86DD, ipv6(58, icmpv6(135, 0, bytes(4)))),
        ethernet(0x86DD, ipv6(58, icmpv6(2, 0, b"\0\0\5\0"))),
        ethernet(
            0x86DD, ipv6(0, extension(60) + extension(43, 24) + extension(44, 24) + fragment(17, 0, True) + udp(V6))
        ),
        ethernet(0x86DD, ipv6(44, fragment(17, 185, False) + bytes(32))),
        ethernet(0x86DD, ipv6(51, AH + tcp6)),
        ethernet(0x86DD, ipv6(50, ESP)),
        ethernet(0x86DD, ipv6(132, SCTP)),
        ethernet(0x86DD, ipv6(47, GRE + ipv4(17, udp(V4)))),
        ethernet(0x86DD, ipv6(59, b"")),
        ethernet(0x86DD, ipv6(0, extension(6, 136) + tcp6)),
        ethernet(0x0806, arp(1) + bytes(18)),
        ethernet(0x0806, arp(2) + bytes(18), (0x8100, 6 << 13 | 4094)),
        ethernet(0x8035, arp(3)),
        ethernet(0x88CC, bytes(46)),
        ethernet(0x0026, b"\x42\x42\x03" + bytes(43)),
        ethernet(0x8847, bytes.fromhex("000641ff") + ipv4(17, udp(V4))),
    ]
