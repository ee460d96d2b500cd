"""A Varlink client that is not ours introspects and queries the daemon unchanged."""

import pytest

from harness import packets
from harness.daemon import Daemon

varlink = pytest.importorskip("varlink", reason="the PyPI package varlink is not installed")


@pytest.fixture
def client(lab, folder):
    with Daemon(lab.logged, folder, capture__direction="in") as daemon:
        packets.send(lab.peer, [packets.tcp("198.51.100.7", "192.0.2.1", 40000 + number, 443) for number in range(20)])
        daemon.wait_for_records(20, "--dport", "443")
        with varlink.Client(f"unix:{daemon.socket}") as found:
            yield found


def test_the_service_describes_itself(client):
    with client.open("org.varlink.service") as service:
        info = service.GetInfo()
    assert info["product"] == "hdrlogd"
    assert "io.hdrlog" in client.get_interfaces()
    text = client.get_interface("io.hdrlog").description
    assert "method Query" in text and "method Status" in text


def test_status_and_query_answer_pythons_varlink(client):
    with client.open("io.hdrlog") as service:
        assert service.Status()
        records = [record for reply in service.Query(filter="tcp", _more=True) for record in reply["records"]]
    assert sorted(record["sourcePort"] for record in records) == list(range(40000, 40020))
