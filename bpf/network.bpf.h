/* BPF programs only: the walk over IP, its extension headers, and ARP. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "walk.bpf.h"

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
	put_ipv4_addresses(facts, ip + 12, ip + 16);
	facts->has |= HDRLOG_HAS_ADDRESSES;
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
	put_ipv6_addresses(facts, ip + 8);
	facts->has |= HDRLOG_HAS_ADDRESSES;
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
	if (arp && arp[4] == 6 && arp[5] == 4) {
		put_ipv4_addresses(&w->packet->facts, arp + 14, arp + 24);
		w->packet->facts.has |= HDRLOG_HAS_ADDRESSES;
	}
}
