"""empty_xdp.py DEVICE: holds a native XDP program that passes every frame, until standard input ends."""

import ctypes
import os
import platform
import socket
import struct
import sys

SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_PROG_LOAD, BPF_LINK_CREATE = 5, 28
BPF_PROG_TYPE_XDP, BPF_XDP = 6, 37
XDP_FLAGS_DRV_MODE, BPF_F_XDP_HAS_FRAGS = 4, 32

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> int:
    buffer = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(SYSCALL, command, buffer, 128)
    if result < 0:
        sys.exit(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return result


# r0 = XDP_PASS; exit
code = ctypes.create_string_buffer(struct.pack("<QQ", 0xB7 | 2 << 32, 0x95))
license_text = ctypes.create_string_buffer(b"GPL")
pointers = ctypes.addressof(code), ctypes.addressof(license_text)
program = bpf(
    BPF_PROG_LOAD, struct.pack("<IIQQIIQII", BPF_PROG_TYPE_XDP, 2, *pointers, 0, 0, 0, 0, BPF_F_XDP_HAS_FRAGS)
)
device = socket.if_nametoindex(sys.argv[1])
link = bpf(BPF_LINK_CREATE, struct.pack("<IIII", program, device, BPF_XDP, XDP_FLAGS_DRV_MODE))
print("attached", flush=True)
sys.stdin.read()
