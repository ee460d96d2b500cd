/* Shared by the BPF programs and user space: what is counted of each flow, and the histograms of an interface. */
#pragma once

#include <linux/types.h>

#define HDRLOG_NO_TAG 0xFFFF

/* Key of the flow tables. Host byte order except for the addresses. */
struct hdrlog_flow_key {
	__u8 source[16]; /* as on the wire; IPv4 in the first 4 bytes, the others 0 */
	__u8 destination[16];
	__u32 ifindex;
	__u16 source_port;      /* of TCP, UDP, UDP-Lite and SCTP; 0 for later fragments */
	__u16 destination_port; /* likewise; of ICMP and ICMPv6 type << 8 | code */
	__u16 vlan;             /* ID of the outermost tag, one that the hardware took off included; or HDRLOG_NO_TAG */
	__u8 protocol;          /* IPv4's, or the one behind IPv6's extension headers */
	__u8 direction;
	__u8 network; /* HDRLOG_NETWORK_IPV4 or HDRLOG_NETWORK_IPV6 */
	__u8 zero;
	__u16 cpu; /* that counted it: a flow whose packets come to two CPUs has two entries, which add up */
};

/* What one CPU counted of a flow in one generation. */
struct hdrlog_flow_value {
	__u64 frames; /* as the hook saw them */
	__u64 wire_packets;
	__u64 bytes;
	__u64 first; /* CLOCK_MONOTONIC, coarse: a tick exact */
	__u64 last;
	__u16 tcp_flags; /* OR of all */
	__u8 min_ttl;
	__u8 max_ttl;
	__u32 next; /* for the programs: the next entry in the chain, counted from 1; 0: none */
};

/* Two cache lines, wherever it lies in the table. */
struct hdrlog_flow {
	struct hdrlog_flow_key key;
	struct hdrlog_flow_value value; /* of 0 frames: the entry was taken and could not be used */
};

_Static_assert(sizeof(struct hdrlog_flow_key) == 48, "key of a flow");
_Static_assert(sizeof(struct hdrlog_flow_value) == 48, "value of a flow");

/* How many entries of a bank's flow table were taken, or found to be beyond the limit; fills a cache line, since all
 * CPUs write it. */
struct hdrlog_flow_usage {
	__u64 entries;
	__u64 reserved[7];
};

/* Lengths below 2048 by 64, from there on by powers of two. */
#define HDRLOG_LENGTH_BUCKETS 40
#define HDRLOG_WINDOW_BUCKETS 17 /* 0, 1, 2-3, 4-7 ... 32768-65535 */

/* Frames of an interface, direction and generation that one CPU saw, by value. 32 bits outlast a generation. */
struct hdrlog_histograms {
	__u32 frame_length[HDRLOG_LENGTH_BUCKETS];
	__u32 ttl[256];           /* or hop limit */
	__u32 traffic_class[256]; /* DSCP << 2 | ECN */
	__u32 fragments[2];       /* the first of a packet, later ones */
	__u32 tcp_flags[256];     /* the eight of RFC 9293 */
	__u32 window[HDRLOG_WINDOW_BUCKETS];
	__u32 mss[HDRLOG_LENGTH_BUCKETS]; /* of SYNs */
	__u32 reserved;
};
