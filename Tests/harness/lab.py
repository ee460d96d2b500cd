"""Two hosts on one wire: a pair of network namespaces with a veth device between them."""

import itertools
import os
import pathlib

from .commands import run

TCX = pathlib.Path(__file__).with_name("list_tcx.py")
_serial = itertools.count(1)


class Host:
    """A network namespace with one device, named like the host."""

    def __init__(self, name: str, number: int, pid: int | None = None):
        """`pid`: a process whose namespace it is; otherwise the host has one of its own, by name."""
        self.pid = pid
        self.namespace = str(pid) if pid else f"hdrlog-{os.getpid()}-{next(_serial)}-{name}"
        self.device = name
        self.ipv4 = f"192.0.2.{number}"
        self.ipv6 = f"2001:db8::{number}"

    def prefix(self) -> list[str]:
        """What to put before a command so that it runs on this host."""
        if self.pid:
            return ["nsenter", "--target", self.namespace, "--net"]
        return ["ip", "netns", "exec", self.namespace]

    def run(self, *command, **options):
        return run(*self.prefix(), *command, **options)

    def bring_up(self, quiet: bool):
        """`quiet`: no addresses and no IPv6, so that the kernel itself puts nothing on the wire."""
        if quiet:
            self.run("sysctl", "-qw", f"net.ipv6.conf.{self.device}.disable_ipv6=1")
            self.run("ip", "link", "set", self.device, "up")
            return
        self.run("ip", "link", "set", "lo", "up")
        # No neighbour or router discovery: what is on the wire is what the test sends.
        self.run(
            "sysctl",
            "-qw",
            f"net.ipv6.conf.{self.device}.router_solicitations=0",
            f"net.ipv6.conf.{self.device}.accept_dad=0",
        )
        self.run("ip", "address", "add", f"{self.ipv4}/24", "dev", self.device)
        self.run("ip", "address", "add", f"{self.ipv6}/64", "dev", self.device, "nodad")
        self.run("ip", "link", "set", self.device, "up")

    def attached(self) -> list[str]:
        """What sits on this host's device: XDP programs, tc filters and tcx programs."""
        link = self.run("ip", "-details", "link", "show", "dev", self.device).stdout
        found = [line.strip() for line in link.splitlines() if "prog/xdp" in line]
        for parent in ("ingress", "egress"):
            filters = self.run("tc", "filter", "show", "dev", self.device, parent, check=False).stdout
            found += [line for line in filters.splitlines() if "hdrlog" in line]
        return found + self.run("/usr/bin/python3", TCX, self.device).stdout.splitlines()


class Lab:
    """`logged` is where hdrlogd runs, `peer` sends to it. Use as a context manager: it removes what it made."""

    def __init__(self, pid: int | None = None, quiet: bool = False):
        """`pid`: a process in whose network namespace hdrlogd runs. `quiet`: only what a test sends is on the wire."""
        self.quiet = quiet
        self.logged = Host("logged", 1, pid)
        self.peer = Host("peer", 2)

    def __enter__(self):
        try:
            for host in (self.logged, self.peer):
                if not host.pid:
                    run("ip", "netns", "add", host.namespace)
            run(
                "ip",
                "link",
                "add",
                self.logged.device,
                "netns",
                self.logged.namespace,
                "type",
                "veth",
                "peer",
                "name",
                self.peer.device,
                "netns",
                self.peer.namespace,
            )
            for host in (self.logged, self.peer):
                host.bring_up(self.quiet)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # Removing one end of the wire removes the other.
        run("ip", "-n", self.peer.namespace, "link", "delete", self.peer.device, check=False)
        for host in (self.logged, self.peer):
            if not host.pid:
                run("ip", "netns", "delete", host.namespace, check=False)
