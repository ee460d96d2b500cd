"""The service where the operator gives it little memory."""

import pytest

from harness.lab import Lab
from harness.service_burst import FRAMES, SERVICE, Burst, configure, settled

LIMIT = 64 << 20


@pytest.fixture(scope="module")
def service(container):
    container.install()
    with Lab(container.pid, quiet=True) as lab, container.drop_in(SERVICE, f"MemoryMax={LIMIT}\nMemorySwapMax=0"):
        container.lab, container.hook = lab, "native"
        yield container


def test_under_a_memory_limit_a_burst_is_counted_to_the_last_frame(service):
    configure(service)
    service.run("systemctl", "restart", SERVICE)
    process = service.show(SERVICE, "MainPID")
    with Burst(service):
        pass
    found = settled(service)
    assert found["frames"] == FRAMES
    lost = found["ringLost"] + found["storeLost"]
    print(
        f"{FRAMES} frames, {found['sampled']} headers, {lost} of them lost, peak {service.show(SERVICE, 'MemoryPeak')}"
    )
    assert found["stored"] + found["waiting"] + lost == found["sampled"]
    assert service.show(SERVICE, "MainPID") == process, "the same process"
    assert service.show(SERVICE, "NRestarts") == "0"
