/* BPF programs only: the maps. Sizes that depend on the machine are set before load. */
#pragma once

#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "include/hdrlog_rules.h"

/* Slots of one bank: two for each interface. Set before load together with the size of `counters`. */
const volatile __u32 bank_stride = 2;

/* Written by user space only. Variables in sections of their own are maps of one value that is reached without a
 * look-up: the generation and the settings of both banks; and who the interfaces are, by ifindex modulo HDRLOG_PORTS.
 */
struct hdrlog_control control SEC(".data.control");
struct hdrlog_port ports[HDRLOG_PORTS] SEC(".data.ports");

/* key slot, value the counters of one CPU: 4.3 kB * banks * 2 * interfaces * CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct hdrlog_counters);
} counters SEC(".maps");

/* key copy * bank_stride + slot, value what the counters came to: for user space only, which may be killed between two
 * steps and goes on where it was.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct hdrlog_totals);
} totals SEC(".maps");

/* What is known of the frame that a CPU is at. It outlives the tail calls to rules and back. */
struct packet {
	struct hdrlog_facts facts; /* rules expect them at the beginning */
	__u32 end;                 /* first byte behind the headers: so many are kept */
	__u32 slot;                /* of `counters` */
	__u16 segments;
	__u16 vlan_tci;
	__u16 vlan_tpid;
	__u16 mss; /* of a SYN's options; 0: none */
	__u8 generation;
	__u8 link_type;
	__u8 is_ip;
	__u8 is_error; /* an ICMP error message */
	/* What the walk forgets and reads back; see forget() in network.bpf.h. */
	__u8 is_fragment;
	__u8 has_fragment_header;
	__u32 offset;
	__u32 ip_end;
	__u32 payload_end;
};

/* key 0, value the frame that one CPU is at. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct packet);
} packets SEC(".maps");

/* Generated rules by bank, and the program that goes on with their answer: for each kind of hook. */
#define PROGRAM_ARRAY(name, entries)                                                                                   \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                                                 \
		__uint(max_entries, entries);                                                                          \
		__uint(key_size, sizeof(__u32));                                                                       \
		__uint(value_size, sizeof(__u32));                                                                     \
	} name SEC(".maps")

PROGRAM_ARRAY(xdp_rules, HDRLOG_BANKS);
PROGRAM_ARRAY(xdp_finish, 1);
PROGRAM_ARRAY(tc_rules, HDRLOG_BANKS);
PROGRAM_ARRAY(tc_finish, 1);

/* The flow tables, set before load: entries and lines of heads of one bank, and which bits of the hash choose a head.
 */
const volatile __u32 flow_entries = 1;
const volatile __u32 flow_lines = 1;
const volatile __u32 flow_hash_shift = 31;
/* Secret and odd. */
const volatile __u64 flow_factors[6] = {1, 1, 1, 1, 1, 1};

/* key bank * flow_entries + place, value a flow: 96 bytes * banks * entries. User space reads it in place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HDRLOG_BANKS);
	__type(key, __u32);
	__type(value, struct hdrlog_flow);
} flows SEC(".maps");

#define FLOW_HEADS 16 /* a cache line of them */

struct flow_heads {
	__u32 first[FLOW_HEADS]; /* number of the first entry in the chain; 0: none */
};

/* key bank * flow_lines + line, value heads of chains: 4 to 8 bytes * banks * entries. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HDRLOG_BANKS);
	__type(key, __u32);
	__type(value, struct flow_heads);
} flow_heads SEC(".maps");

/* key bank, value how many of its entries are taken. Taken back by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HDRLOG_BANKS);
	__type(key, __u32);
	__type(value, struct hdrlog_flow_usage);
} flow_usage SEC(".maps");

/* key 0, value the first bytes of the frame that one CPU is at, if they cannot be read in place. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[HDRLOG_MAX_CAPTURED]);
} copies SEC(".maps");

/* Set before load: pieces of one CPU's ring, a power of two. */
const volatile __u32 ring_pieces = 1;

/* key CPU * ring_pieces + piece, value a part of the CPU's ring. User space reads it in place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, union hdrlog_ring_piece);
} ring_bytes SEC(".maps");

/* key CPU, value how far its ring was written and read. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct hdrlog_ring);
} rings SEC(".maps");

/* Wakes the reader of the rings when it sleeps for longer than usual; what is in it means nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} doorbell SEC(".maps");
