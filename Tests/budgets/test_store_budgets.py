"""What the store may cost: allocations a record, bytes a header, and bytes that reach the device."""

import pytest

from harness import captures, fidelity
from harness.commands import HDRLOGD, PROJECT, run
from harness.store_meter import APPLIANCE, METER, megabytes_a_day, written_of_stored

PRESET = PROJECT / "config/hdrlogd.appliance.toml"


def test_a_record_allocates_nothing_on_its_way_into_a_block():
    lines = [line.split() for line in run(METER, "allocations").stdout.splitlines()]
    (small, large), (_, into_chunk) = lines[:2], lines[2]
    print(f"allocations a block: {small[1]} of {small[0]} records, {large[1]} of {large[0]}; a record {large[2]}")
    assert float(into_chunk) == 0
    # A block and its commit have some of their own, however many records there are.
    assert float(large[1]) <= float(small[1]) + 32
    assert float(large[2]) < 0.02


# Two captures that have 87,000 of the corpus' 139,000 frames, much alike.
LARGEST = ("zeek--echo-connections.pcap", "PcapPlusPlus--many-protocols.pcap")


@pytest.mark.skipif(not captures.CORPUS, reason=captures.NO_CORPUS)
@pytest.mark.parametrize(("without", "most"), [((), 9.5), (LARGEST, 10.5)], ids=["all", "without the two largest"])
def test_a_header_of_real_traffic_takes_few_bytes_on_disk(quiet_lab, folder, without, most):
    sent, _ = fidelity.sendable_corpus(without)
    with fidelity.logging(quiet_lab, folder, sent, "native") as (daemon, _, _):
        pass
    files = [path for path in daemon.state.rglob("*") if path.name.startswith("headers-")]
    assert files
    bytes_a_header = sum(path.stat().st_blocks for path in files) * 512 / len(sent)
    print(f"{len(sent)} headers of real traffic: {bytes_a_header:.2f} bytes each on disk, all included")
    assert bytes_a_header <= most


def test_a_quiet_appliance_writes_less_than_50_megabytes_a_day(folder):
    megabytes = megabytes_a_day(folder, APPLIANCE)
    print(f"10 headers/s: {megabytes:.1f} MB a day reach the device")
    assert megabytes <= 50


def test_a_busy_appliance_writes_little_more_than_twice_what_it_stores(folder):
    times = written_of_stored(folder, APPLIANCE, seconds=3600)
    print(f"1,000 headers/s: {times:.2f} bytes reach the device for each that is stored")
    assert times <= 2.2


def test_the_preset_for_appliances_is_a_configuration_and_has_what_is_measured_here():
    told = run(HDRLOGD, "--check-config", "--config", PRESET)
    assert told.returncode == 0
    text = PRESET.read_text()
    for line in ('flush_interval = "1s"', 'sync_interval = "5min"', 'flow_interval = "20min"'):
        assert line in text
