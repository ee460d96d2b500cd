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

#define NO_HEADER (~0U) /* instead of an offset: no further header follows */

struct walk {
	void *data, *data_end;
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
	if (offset > HDRLOG_MAX_CAPTURED - length)
		return NULL;
	void *p = w->data + offset;
	return p + length <= w->data_end ? p : NULL;
}

/* All ones if a < b, else 0; both below 2^31. Without a branch, of which the verifier would follow both sides. */
static __always_inline __u32 is_less(__u32 a, __u32 b)
{
	__s32 mask = (__s32)(a - b) >> 31;

	asm volatile("" : "+r"(mask)); /* or the compiler makes a branch of it */
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

static __always_inline void walk_tcp(struct walk *w, __u32 offset)
{
	__u8 *tcp = keep(w, offset, 20);

	if (!tcp)
		return;
	__u32 length = (tcp[12] >> 4) * 4;
	if (length < 20)
		note(w, HDRLOG_BAD_DATA_OFFSET);
	else
		keep_rest(w, offset, length, HDRLOG_BAD_DATA_OFFSET);
}

static __always_inline void walk_udp(struct walk *w, __u32 offset)
{
	__u8 *udp = keep(w, offset, 8);

	if (!udp)
		return;
	__u32 length = word(udp + 4);
	if (length < 8 || (!w->is_fragment && offset + length > w->ip_end))
		note(w, HDRLOG_BAD_UDP_LENGTH);
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
			keep(w, offset, 8);
		return;
	case 58:
		if (!is_ipv4)
			keep(w, offset, 8);
		return;
	case 50:  /* ESP */
	case 136: /* UDP-Lite */
		keep(w, offset, 8);
		return;
	case 132: /* SCTP */
		keep(w, offset, 12);
		return;
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
	w->is_ip = 1;
	w->protocol = ip[9];
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
	__u32 zero = 0;
	volatile struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!scratch)
		return 0;
	scratch->offset = offset;
	scratch->end = w->end;
	scratch->protocol = w->protocol;
	scratch->malformed = w->malformed;
	scratch->is_fragment = w->is_fragment;
	scratch->has_fragment_header = w->has_fragment_header;
	w->end = scratch->end;
	w->protocol = scratch->protocol;
	w->malformed = scratch->malformed;
	w->is_fragment = scratch->is_fragment;
	w->has_fragment_header = scratch->has_fragment_header;
	return scratch->offset;
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
		if (protocol == 44)
			w->has_fragment_header = 1;
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
	__u32 payload = word(ip + 4);
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

	if (offset + length > w->available)
		stop(w, missing(offset + length, w->frame_length, HDRLOG_TRUNCATED_L3), w->available);
	else
		w->end = offset + length;
}

static __always_inline int is_tag(__u16 ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* Finds the EtherType behind all tags. Returns the offset of L3, or NO_HEADER. */
static __always_inline __u32 walk_ethernet(struct walk *w)
{
	__u8 *ethernet = at(w, 0, 14);
	__u32 offset = 14;

	if (!ethernet)
		return stop(w, HDRLOG_TRUNCATED_L2, w->available);
	w->ethertype = word(ethernet + 12);
	for (int i = 0; i < HDRLOG_MAX_VLAN_TAGS && is_tag(w->ethertype); i++) {
		__u8 *tag = at(w, offset, 4);
		if (!tag)
			return stop(w, HDRLOG_TRUNCATED_L2, w->available);
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

static __always_inline void walk_frame(struct walk *w, void *data, void *data_end, __u32 frame_length, __u8 link_type)
{
	__u32 available = min_u32(data_end - data, HDRLOG_MAX_CAPTURED);
	*w = (struct walk){
	    .data = data,
	    .data_end = data_end,
	    .frame_length = frame_length,
	    .available = available,
	    .ip_end = frame_length,
	    .payload_end = available,
	};
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
