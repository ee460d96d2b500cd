/* BPF programs only: the maps. Sizes that depend on the machine are set before load. */
#pragma once

#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"

/* Slots of one bank: two for each interface. Set before load together with the size of `counters`. */
const volatile __u32 bank_stride = 2;

/* key 0, value the generation and the settings of both banks. Written by user space only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hdrlog_control);
} control SEC(".maps");

/* key ifindex modulo HDRLOG_PORTS, value who it is: an array, because a hash look-up costs ten times as much. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HDRLOG_PORTS);
	__type(key, __u32);
	__type(value, struct hdrlog_port);
} ports SEC(".maps");

/* key slot, value the counters of one CPU: 4.3 kB * banks * 2 * interfaces * CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct hdrlog_counters);
} counters SEC(".maps");

/* key slot and EtherType, value the tally of one CPU: for types without a place in struct hdrlog_counters. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, HDRLOG_ETHERTYPE_ENTRIES);
	__type(key, struct hdrlog_ethertype_key);
	__type(value, struct hdrlog_tally);
} ethertypes SEC(".maps");

/* What the walk over extension headers forgets and reads back; see forget() in parse.bpf.h. */
struct scratch {
	__u32 offset;
	__u32 end;
	__u8 protocol;
	__u8 malformed;
	__u8 is_fragment;
	__u8 has_fragment_header;
};

/* key 0, value one CPU's scratch. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* key 0, value the first bytes of the frame that one CPU is at, if XDP cannot read them in place. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[HDRLOG_MAX_CAPTURED]);
} copies SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

/* key CPU, value its ring buffer of hdrlog_record: one ring for all CPUs would serialise them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");
