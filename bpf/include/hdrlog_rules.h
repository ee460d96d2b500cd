/* Shared by the BPF programs and user space: how rules, compiled to BPF instructions by Sources/Filter, are called.
 *
 * The program at the hook walks the headers, fills struct hdrlog_facts at the beginning of the single entry of a
 * per-CPU array map, and tail-calls into a program array of generated programs (slot = bank, so that rules change with
 * the bank; an empty slot means no rules). The generated program writes `action`, `rule` and `rate`, and tail-calls
 * slot HDRLOG_FINISH of a second program array, whose program counts and samples by that answer. If that slot is empty,
 * the frame passes. XDP and tc have program arrays of their own, because the two kinds of program cannot share one.
 */
#pragma once

#include <linux/types.h>
#include "hdrlog_flow.h"

/* What is known of the frame's headers: bits of hdrlog_facts.has. */
enum hdrlog_has {
	HDRLOG_HAS_ETHERNET = 1,  /* ethernet, ethertype */
	HDRLOG_HAS_ADDRESSES = 2, /* source and destination */
	HDRLOG_HAS_PORTS = 4,     /* TCP, UDP, UDP-Lite, SCTP; never for later fragments */
	HDRLOG_HAS_TCP = 8,       /* all 20 bytes of the fixed header: tcp_flags, window */
	HDRLOG_HAS_ICMP = 16,     /* icmp_type, icmp_code, of ICMP or ICMPv6 */
	HDRLOG_HAS_FRAGMENT = 32, /* fragment: IPv4, or IPv6 with a fragment header */
};

/* The numbers of HeaderLayout.Network in Sources/Records. IPv4 and ARP, which hold IPv4 addresses, are the odd ones. */
enum hdrlog_network {
	HDRLOG_NETWORK_NONE = 0, /* or a header too broken to be read */
	HDRLOG_NETWORK_IPV4 = 1,
	HDRLOG_NETWORK_IPV6 = 2,
	HDRLOG_NETWORK_ARP = 3, /* or RARP */
};

enum hdrlog_rule_action {
	HDRLOG_RULE_NONE = 0, /* no rule matched: the default sampling applies */
	HDRLOG_RULE_IGNORE = 1,
	HDRLOG_RULE_COUNT = 2,
	HDRLOG_RULE_SAMPLE = 3, /* 1 in `rate` */
};

#define HDRLOG_FINISH    0
#define HDRLOG_MAX_RULES 256

/* What rules see of a frame; the first part is the key of the frame's flow. Host byte order except where it says "as on
 * the wire"; unset fields are not read.
 */
struct hdrlog_facts {
	__u8 source[16];      /* as struct hdrlog_flow_key has it; ARP's sender */
	__u8 destination[16]; /* ARP's target */
	__u32 ifindex;
	__u16 source_port;
	__u16 destination_port;
	__u16 vlan; /* ID of the outermost tag, one that the hardware took off included; or HDRLOG_NO_TAG */
	__u8 protocol;
	__u8 direction;
	__u8 network; /* enum hdrlog_network; always set */
	__u8 zero;
	__u16 cpu;         /* set for flows only */
	__u8 ethernet[12]; /* destination and source address, as on the wire */
	__u32 frame_length;
	__u16 has;        /* enum hdrlog_has */
	__u16 ethertype;  /* behind all tags; on links without Ethernet that of the IP version */
	__u16 inner_vlan; /* ID of the second tag, or HDRLOG_NO_TAG */
	__u16 tcp_flags;  /* 12 bits */
	__u16 window;
	__u16 fragment; /* IPv4's flags and offset; of IPv6's fragment header offset | more << 13 */
	__u8 ttl;       /* or hop limit */
	__u8 traffic_class;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 malformed;
	__u8 vlan_count; /* one that the hardware took off included */
	__u8 action;     /* the answer: enum hdrlog_rule_action */
	__u8 reserved;
	__u16 rule; /* index of the rule that matched */
	__u16 reserved_too;
	__u32 rate;
};

_Static_assert(sizeof(struct hdrlog_facts) == 92, "facts for rules");
_Static_assert(__builtin_offsetof(struct hdrlog_facts, ethernet) == sizeof(struct hdrlog_flow_key),
	       "facts begin with the flow's key");
