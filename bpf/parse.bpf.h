/* BPF programs only: the walk over a frame's headers.
 *
 * The rules are those of Sources/Records/HeaderWalk.swift, which tests hold against this file:
 * a header that is not there in full, or contradicts itself, ends the walk and what is there is kept; a length that
 * contradicts the frame is noted and the walk goes on; L4 is looked for within the IP payload only. Only the bytes that
 * can be kept are looked at, so that a record tells whoever reads it exactly what the walk saw.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP  0x0806
#define ETHERTYPE_RARP 0x8035
#define ETHERTYPE_IPV6 0x86dd

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04

/* From here on the compiler knows nothing of the variable's value. */
#define HIDE(variable) asm volatile("" : "+r"(variable))

#define NO_HEADER (~0U) /* instead of an offset: no further header follows */

struct walk {
	void *data, *data_end;
	struct packet *packet; /* its facts are filled on the way */
	__u32 frame_length;
	__u32 available;   /* bytes that can be read and kept */
	__u32 ip_end;      /* first byte behind the IP payload by IP's own length, at most the frame's */
	__u32 payload_end; /* the same, at most what is available; L4 ends here at the latest */
	__u32 end;         /* first byte behind the headers */
	__u16 ethertype;
	__u8 protocol; /* behind IPv6's extension headers */
	__u8 malformed;
	__u8 is_ip;
	__u8 is_fragment;
	__u8 has_fragment_header; /* IPv6: a second one lies within the reassembled packet and does not count */
};

static __always_inline void note(struct walk *w, __u8 reason)
{
	if (!w->malformed)
		w->malformed = reason;
}

/* The walk ends here: `end` bytes are kept. */
static __always_inline __u32 stop(struct walk *w, __u8 reason, __u32 end)
{
	note(w, reason);
	w->end = end;
	return NO_HEADER;
}

/* A pointer to `length` bytes at `offset`, or NULL when they cannot be read or kept. */
static __always_inline void *at(const struct walk *w, __u32 offset, const __u32 length)
{
	__u64 place = offset;

	HIDE(place); /* so that what is compared is what is added, as 6.1 needs to see it */
	if (place > HDRLOG_MAX_CAPTURED - length)
		return NULL;
	void *p = w->data + place;
	return p + length <= w->data_end ? p : NULL;
}

/* All ones if a < b, else 0; both below 2^31. Without a branch, of which the verifier would follow both sides. */
static __always_inline __u32 is_less(__u32 a, __u32 b)
{
	__s32 mask = (__s32)(a - b) >> 31;

	HIDE(mask); /* or the compiler makes a branch of it */
	return mask;
}

static __always_inline __u32 min_u32(__u32 a, __u32 b)
{
	return b + ((a - b) & is_less(a, b));
}

/* A header reaches up to `needed`, further than can be read or kept. `end` is where its packet ends. */
static __always_inline __u8 missing(__u32 needed, __u32 end, __u8 truncated)
{
	__u32 is_truncated = is_less(end, needed);

	return (truncated & is_truncated) | (HDRLOG_HEADERS_TOO_LONG & ~is_truncated);
}

static __always_inline __u16 word(const __u8 *p)
{
	return (__u16)p[0] << 8 | p[1];
}

/* Unaligned, as the kernel lets us on every machine that we build for. */
typedef __u32 __attribute__((may_alias)) word32;
typedef __u64 __attribute__((may_alias)) word64;

static __always_inline void set_ipv4_addresses(struct hdrlog_facts *facts, const __u8 *source, const __u8 *destination)
{
	word64 *from = (word64 *)facts->source, *to = (word64 *)facts->destination;

	from[0] = *(const word32 *)source;
	from[1] = 0;
	to[0] = *(const word32 *)destination;
	to[1] = 0;
	facts->has |= HDRLOG_HAS_ADDRESSES;
}

/* Both lie one behind the other. */
static __always_inline void set_ipv6_addresses(struct hdrlog_facts *facts, const __u8 *addresses)
{
	word64 *to = (word64 *)facts->source;

	for (int i = 0; i < 4; i++) /* the destination lies behind the source there, too */
		to[i] = ((const word64 *)addresses)[i];
	facts->has |= HDRLOG_HAS_ADDRESSES;
}

static __always_inline void set_ports(struct hdrlog_facts *facts, const __u8 *header)
{
	facts->source_port = word(header);
	facts->destination_port = word(header + 2);
	facts->has |= HDRLOG_HAS_PORTS;
}

static __always_inline int is_extension(__u8 protocol)
{
	switch (protocol) {
	case 0:   /* hop-by-hop */
	case 43:  /* routing */
	case 44:  /* fragment */
	case 51:  /* AH */
	case 60:  /* destination */
	case 135: /* mobility */
	case 139: /* HIP */
	case 140: /* shim6 */
		return 1;
	}
	return 0;
}

/* Extends the kept bytes to a length that the L4 header itself states. */
static __always_inline void keep_rest(struct walk *w, __u32 offset, __u32 length, __u8 reason)
{
	__u32 end = offset + length;

	if (end > w->frame_length)
		reason = HDRLOG_TRUNCATED_L4;
	if (end > w->payload_end)
		stop(w, missing(end, w->ip_end, reason), w->payload_end);
	else
		w->end = end;
}

/* The first `length` bytes of the L4 header, or NULL when the IP payload ends before. */
static __always_inline __u8 *keep(struct walk *w, __u32 offset, __u32 length)
{
	__u8 *header = at(w, offset, length);

	if (!header || offset + length > w->payload_end) {
		__u8 reason = missing(offset + length, w->ip_end, HDRLOG_TRUNCATED_L4);
		stop(w, reason, w->payload_end > offset ? w->payload_end : offset);
		return NULL;
	}
	w->end = offset + length;
	return header;
}

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

/* The IP payload ends at `end`, as IP's own length has it. */
static __always_inline void limit_payload(struct walk *w, __u32 end, __u8 reason)
{
	if (end > w->frame_length)
		note(w, reason);
	w->ip_end = min_u32(w->frame_length, end);
	w->payload_end = min_u32(w->available, end);
}

/* Returns the offset of L4, or NO_HEADER. */
static __always_inline __u32 walk_ipv4(struct walk *w, __u32 offset)
{
	__u8 *ip = at(w, offset, 20);

	if (!ip)
		return stop(w, HDRLOG_TRUNCATED_L3, w->available);
	if (ip[0] >> 4 != 4)
		return stop(w, HDRLOG_BAD_IP_VERSION, offset + 20);
	__u32 length = (ip[0] & 15) * 4, total = word(ip + 2), fragment = word(ip + 6);
	if (length < 20)
		return stop(w, HDRLOG_BAD_IHL, offset + 20);
	struct hdrlog_facts *facts = &w->packet->facts;
	w->is_ip = 1;
	w->protocol = ip[9];
	facts->network = HDRLOG_NETWORK_IPV4;
	facts->ttl = ip[8];
	facts->traffic_class = ip[1];
	facts->fragment = fragment;
	facts->has |= HDRLOG_HAS_FRAGMENT;
	set_ipv4_addresses(facts, ip + 12, ip + 16);
	if (offset + length > w->available)
		return stop(w, HDRLOG_TRUNCATED_L3, w->available);
	if (total) { /* 0: a segmentation-offload frame, the payload fills it */
		if (total < length)
			return stop(w, HDRLOG_BAD_TOTAL_LENGTH, offset + length);
		limit_payload(w, offset + total, HDRLOG_BAD_TOTAL_LENGTH);
	}
	w->is_fragment = (fragment & 0x3fff) != 0;
	w->end = offset + length;
	return fragment & 0x1fff ? NO_HEADER : offset + length;
}

/* Puts what the walk knows into a map and reads it back: the same numbers, of which the verifier now knows nothing.
 * Otherwise it follows every combination of eight extension headers, more than a million instructions.
 * Returns the offset.
 */
static __always_inline __u32 forget(struct walk *w, __u32 offset)
{
	volatile struct packet *kept = w->packet;

	kept->offset = offset;
	kept->end = w->end;
	kept->facts.protocol = w->protocol;
	kept->facts.malformed = w->malformed;
	kept->is_fragment = w->is_fragment;
	kept->has_fragment_header = w->has_fragment_header;
	kept->ip_end = w->ip_end;
	kept->payload_end = w->payload_end;
	kept->facts.ethertype = w->ethertype;
	w->end = kept->end;
	w->protocol = kept->facts.protocol;
	w->malformed = kept->facts.malformed;
	w->is_fragment = kept->is_fragment;
	w->has_fragment_header = kept->has_fragment_header;
	w->ip_end = kept->ip_end;
	w->payload_end = kept->payload_end;
	w->ethertype = kept->facts.ethertype;
	return kept->offset;
}

/* Steps over the extension headers. Returns the first byte behind them, or NO_HEADER. */
static __always_inline __u32 walk_extensions(struct walk *w, __u32 offset)
{
	for (int i = 0; i < HDRLOG_MAX_EXTENSIONS; i++) {
		if (!is_extension(w->protocol))
			return offset;
		offset = forget(w, offset);
		__u8 *header = at(w, offset, 8);
		if (!header || offset + 8 > w->payload_end)
			return stop(w, missing(offset + 8, w->ip_end, HDRLOG_TRUNCATED_L3),
				    w->payload_end > offset ? w->payload_end : offset);
		__u8 protocol = w->protocol;
		__u32 length = protocol == 44 ? 8 : protocol == 51 ? (header[1] + 2) * 4 : (header[1] + 1) * 8;
		if (offset + length > w->payload_end)
			return stop(w, missing(offset + length, w->ip_end, HDRLOG_TRUNCATED_L3), w->payload_end);
		__u16 fragment = protocol == 44 && !w->has_fragment_header ? word(header + 2) : 0;
		w->protocol = header[0];
		offset += length;
		w->end = offset;
		if (protocol == 44 && !w->has_fragment_header) {
			w->packet->facts.fragment = fragment >> 3 | (fragment & 1) << 13;
			w->packet->facts.has |= HDRLOG_HAS_FRAGMENT;
			w->has_fragment_header = 1;
		}
		if (fragment & 0xfff9)
			w->is_fragment = 1;
		if (fragment & 0xfff8) /* a later fragment: what follows is payload */
			return NO_HEADER;
	}
	return is_extension(w->protocol) ? stop(w, HDRLOG_TOO_MANY_EXTENSIONS, offset) : offset;
}

/* Returns the offset of L4, or NO_HEADER. */
static __always_inline __u32 walk_ipv6(struct walk *w, __u32 offset)
{
	__u8 *ip = at(w, offset, 40);

	if (!ip)
		return stop(w, HDRLOG_TRUNCATED_L3, w->available);
	if (ip[0] >> 4 != 6)
		return stop(w, HDRLOG_BAD_IP_VERSION, offset + 40);
	struct hdrlog_facts *facts = &w->packet->facts;
	__u32 payload = word(ip + 4);
	facts->network = HDRLOG_NETWORK_IPV6;
	facts->ttl = ip[7];
	facts->traffic_class = word(ip) >> 4;
	set_ipv6_addresses(facts, ip + 8);
	w->is_ip = 1;
	w->protocol = ip[6];
	w->end = offset + 40;
	if (payload) /* 0: a jumbogram or a segmentation-offload frame, the payload fills it */
		limit_payload(w, offset + 40 + payload, HDRLOG_BAD_PAYLOAD_LENGTH);
	return walk_extensions(w, offset + 40);
}

static __always_inline void walk_arp(struct walk *w, __u32 offset)
{
	__u8 *arp = at(w, offset, 8);
	__u32 length = arp ? 8 + 2 * (arp[4] + arp[5]) : 8;

	if (arp)
		w->packet->facts.network = HDRLOG_NETWORK_ARP;
	if (offset + length > w->available) {
		stop(w, missing(offset + length, w->frame_length, HDRLOG_TRUNCATED_L3), w->available);
		return;
	}
	w->end = offset + length;
	arp = at(w, offset, 28);
	if (arp && arp[4] == 6 && arp[5] == 4)
		set_ipv4_addresses(&w->packet->facts, arp + 14, arp + 24);
}

static __always_inline int is_tag(__u16 ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

static __always_inline void add_tag(struct hdrlog_facts *facts, __u16 tci)
{
	if (facts->vlan == HDRLOG_NO_TAG)
		facts->vlan = tci & 0xfff;
	else if (facts->inner_vlan == HDRLOG_NO_TAG)
		facts->inner_vlan = tci & 0xfff;
	facts->vlan_count++;
}

/* Finds the EtherType behind all tags. Returns the offset of L3, or NO_HEADER. */
static __always_inline __u32 walk_ethernet(struct walk *w)
{
	__u8 *ethernet = at(w, 0, 14);
	__u32 offset = 14;

	if (!ethernet)
		return stop(w, HDRLOG_TRUNCATED_L2, w->available);
	w->packet->facts.has |= HDRLOG_HAS_ETHERNET;
	w->ethertype = word(ethernet + 12);
	for (int i = 0; i < HDRLOG_MAX_VLAN_TAGS && is_tag(w->ethertype); i++) {
		__u8 *tag = at(w, offset, 4);
		if (!tag)
			return stop(w, HDRLOG_TRUNCATED_L2, w->available);
		add_tag(&w->packet->facts, word(tag));
		w->ethertype = word(tag + 2);
		offset += 4;
	}
	w->end = offset;
	return offset;
}

/* L3 devices have no EtherType: IP's version field tells. Returns the offset of L3, or NO_HEADER. */
static __always_inline __u32 walk_raw_ip(struct walk *w)
{
	__u8 *ip = at(w, 0, 1);

	if (!ip)
		return stop(w, HDRLOG_TRUNCATED_L3, 0);
	switch (ip[0] >> 4) {
	case 4:
		w->ethertype = ETHERTYPE_IPV4;
		return 0;
	case 6:
		w->ethertype = ETHERTYPE_IPV6;
		return 0;
	}
	return stop(w, HDRLOG_BAD_IP_VERSION, min_u32(w->available, 20));
}

/* Before the walk: what rules and flows read although no header may have said it. */
static __always_inline void clear_facts(struct packet *packet)
{
	struct hdrlog_facts *facts = &packet->facts;

	facts->source_port = 0;
	facts->destination_port = 0;
	facts->vlan = HDRLOG_NO_TAG;
	facts->inner_vlan = HDRLOG_NO_TAG;
	facts->vlan_count = 0;
	facts->network = HDRLOG_NETWORK_NONE;
	facts->has = 0;
	facts->action = HDRLOG_RULE_NONE;
	facts->fragment = 0;
	packet->is_error = 0;
	packet->mss = 0;
	if (packet->vlan_tpid)
		add_tag(facts, packet->vlan_tci);
}

static __always_inline void walk_headers(struct walk *w, __u8 link_type)
{
	__u32 l3 = link_type == HDRLOG_LINK_RAW_IP ? walk_raw_ip(w) : walk_ethernet(w), l4 = NO_HEADER;

	if (l3 == NO_HEADER)
		return;
	switch (w->ethertype) {
	case ETHERTYPE_IPV4:
		l4 = walk_ipv4(w, l3);
		break;
	case ETHERTYPE_IPV6:
		l4 = walk_ipv6(w, l3);
		break;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		walk_arp(w, l3);
	}
	if (l4 != NO_HEADER)
		walk_l4(w, forget(w, l4));
}

/* Walks the headers and notes in the packet what it finds. */
static __always_inline void walk_frame(struct packet *packet, void *data, void *data_end)
{
	__u32 available = min_u32(data_end - data, HDRLOG_MAX_CAPTURED), length = packet->facts.frame_length;
	struct walk w = {
	    .data = data,
	    .data_end = data_end,
	    .packet = packet,
	    .frame_length = length,
	    .available = available,
	    .ip_end = length,
	    .payload_end = available,
	};

	clear_facts(packet);
	walk_headers(&w, packet->link_type);
	packet->facts.ethertype = w.ethertype;
	packet->facts.protocol = w.protocol;
	packet->facts.malformed = w.malformed;
	packet->end = w.end;
	packet->is_ip = w.is_ip;
	packet->is_fragment = w.is_fragment;
	/* What follows reads it all from the map, so that it is verified once and not for each way through the walk. */
	asm volatile("" ::: "memory");
}

/* The addresses of L2, which only rules ask for. */
static __always_inline void set_ethernet(struct packet *packet, void *data, void *data_end)
{
	word32 *to = (word32 *)packet->facts.ethernet, *from = data;

	if (!(packet->facts.has & HDRLOG_HAS_ETHERNET) || data + 14 > data_end)
		return;
	for (int i = 0; i < 3; i++)
		to[i] = from[i];
}
