/* BPF programs only: the walk over L4. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "walk.bpf.h"

/* Notes the maximum segment size, if the options from `offset` on have one. */
static __always_inline void find_mss(struct walk *w, __u32 offset)
{
	volatile struct packet *kept = w->packet;

	for (int i = 0; i < 10 && offset + 4 <= w->end; i++) {
		kept->offset = offset; /* so that the verifier does not follow every sum of lengths */
		offset = kept->offset;
		__u8 *option = at(w, offset, 4);
		if (!option || option[0] == 0)
			return;
		if (option[0] == 2 && option[1] == 4) {
			w->packet->mss = word(option + 2);
			return;
		}
		if (option[0] != 1 && option[1] < 2)
			return;
		offset += option[0] == 1 ? 1 : option[1];
	}
}

/* A header is cut. Its first bytes are told all the same; NULL if not even they are there. */
static __always_inline __u8 *cut(struct walk *w, __u32 offset, const __u32 length)
{
	return offset + length <= w->payload_end ? at(w, offset, length) : NULL;
}

static __always_inline void set_ports_of_cut(struct walk *w, __u32 offset)
{
	__u8 *ports = cut(w, offset, 4);

	if (ports)
		set_ports(&w->packet->facts, ports);
}

static __always_inline void walk_tcp(struct walk *w, __u32 offset)
{
	struct hdrlog_facts *facts = &w->packet->facts;
	__u8 *tcp = keep(w, offset, 20);

	if (!tcp)
		return set_ports_of_cut(w, offset);
	set_ports(facts, tcp);
	facts->tcp_flags = word(tcp + 12) & 0xfff;
	facts->window = word(tcp + 14);
	facts->has |= HDRLOG_HAS_TCP;
	__u32 length = (tcp[12] >> 4) * 4;
	if (length < 20)
		note(w, HDRLOG_BAD_DATA_OFFSET);
	else
		keep_rest(w, offset, length, HDRLOG_BAD_DATA_OFFSET);
	if (facts->tcp_flags & TCP_SYN)
		find_mss(w, offset + 20);
}

static __always_inline void walk_udp(struct walk *w, __u32 offset)
{
	__u8 *udp = keep(w, offset, 8);

	if (!udp)
		return set_ports_of_cut(w, offset);
	set_ports(&w->packet->facts, udp);
	__u32 length = word(udp + 4);
	if (length < 8 || (!w->is_fragment && offset + length > w->ip_end))
		note(w, HDRLOG_BAD_UDP_LENGTH);
}

/* UDP-Lite and SCTP begin with the ports, too. */
static __always_inline void walk_ports(struct walk *w, __u32 offset, const __u32 length)
{
	__u8 *header = keep(w, offset, length);

	if (!header)
		return set_ports_of_cut(w, offset);
	set_ports(&w->packet->facts, header);
}

/* ICMP's errors hold the packet that they are about; ICMPv6's have types below 128. */
static __always_inline int is_icmp_error(int is_ipv4, __u8 type)
{
	return is_ipv4 ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12 : type < 128;
}

static __always_inline void walk_icmp(struct walk *w, __u32 offset, int is_ipv4)
{
	struct hdrlog_facts *facts = &w->packet->facts;
	__u8 *icmp = keep(w, offset, 8);

	if (!icmp)
		icmp = cut(w, offset, 2);
	if (!icmp)
		return;
	facts->icmp_type = icmp[0];
	facts->icmp_code = icmp[1];
	facts->destination_port = word(icmp);
	facts->has |= HDRLOG_HAS_ICMP;
	w->packet->is_error = is_icmp_error(is_ipv4, icmp[0]);
}

/* GRE (RFC 2784, 2890): checksum, key and sequence number as the flags say; version 1 is PPTP's (RFC 2637). */
static __always_inline void walk_gre(struct walk *w, __u32 offset)
{
	__u8 *gre = keep(w, offset, 4);

	if (!gre)
		return;
	__u16 flags = word(gre);
	__u32 length = 4 + 4 * !!(flags & 0x2000) + 4 * !!(flags & 0x1000);
	length += (flags & 7) == 1 ? 4 * !!(flags & 0x80) : 4 * !!(flags & 0x8000);
	keep_rest(w, offset, length, HDRLOG_TRUNCATED_L4);
}

static __always_inline void walk_ah(struct walk *w, __u32 offset)
{
	__u8 *ah = keep(w, offset, 12);

	if (!ah)
		return;
	__u32 length = (ah[1] + 2) * 4;
	keep_rest(w, offset, length < 12 ? 12 : length, HDRLOG_TRUNCATED_L4);
}

static __always_inline void walk_l4(struct walk *w, __u32 offset)
{
	int is_ipv4 = w->ethertype == ETHERTYPE_IPV4;

	switch (w->protocol) {
	case 6:
		return walk_tcp(w, offset);
	case 17:
		return walk_udp(w, offset);
	case 1:
		if (is_ipv4)
			walk_icmp(w, offset, 1);
		return;
	case 58:
		if (!is_ipv4)
			walk_icmp(w, offset, 0);
		return;
	case 50: /* ESP */
		keep(w, offset, 8);
		return;
	case 136: /* UDP-Lite */
		return walk_ports(w, offset, 8);
	case 132: /* SCTP */
		return walk_ports(w, offset, 12);
	case 47:
		return walk_gre(w, offset);
	case 51:
		if (is_ipv4)
			walk_ah(w, offset);
	}
}
