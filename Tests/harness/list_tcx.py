"""list_tcx.py DEVICE: a line for each tcx program on it, which Debian 12's iproute2 does not know yet."""

import ctypes
import os
import platform
import socket
import sys

BPF_PROG_QUERY = 16
PLACES = {46: "tcx ingress", 47: "tcx egress"}
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]


class Query(ctypes.Structure):
    """union bpf_attr of linux/bpf.h, as BPF_PROG_QUERY reads it."""

    _fields_ = [
        ("target_ifindex", ctypes.c_uint32),
        ("attach_type", ctypes.c_uint32),
        ("query_flags", ctypes.c_uint32),
        ("attach_flags", ctypes.c_uint32),
        ("prog_ids", ctypes.c_uint64),
        ("prog_cnt", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 100),
    ]


for kind, name in PLACES.items():
    identifiers = (ctypes.c_uint32 * 64)()
    query = Query(socket.if_nametoindex(sys.argv[1]), kind, 0, 0, ctypes.addressof(identifiers), 64)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SYSCALL, BPF_PROG_QUERY, ctypes.byref(query), ctypes.sizeof(query)) == 0:
        for number in identifiers[: query.prog_cnt]:
            print(name, "program", number)
    elif ctypes.get_errno() not in (0, 22):  # EINVAL: a kernel without tcx
        sys.exit(f"{name}: {os.strerror(ctypes.get_errno())}")
