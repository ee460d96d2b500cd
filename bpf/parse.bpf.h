/* BPF programs only: the walk over a frame's headers.
 *
 * The rules are those of Sources/Records/HeaderWalk.swift, which tests hold against this file:
 * a header that is not there in full, or contradicts itself, ends the walk and what is there is kept; a length that
 * contradicts the frame is noted and the walk goes on; L4 is looked for within the IP payload only. Only the bytes that
 * can be kept are looked at, so that a record tells whoever reads it exactly what the walk saw.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "gather.bpf.h"
#include "network.bpf.h"
#include "transport.bpf.h"
#include "usual.bpf.h"
#include "walk.bpf.h"

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

static __always_inline void walk_any(struct packet *packet, const struct bytes *bytes)
{
	__u32 available = min_u32(bytes->end - bytes->start, HDRLOG_MAX_CAPTURED);
	__u32 length = packet->facts.frame_length;
	struct walk w = {
	    .data = bytes->start,
	    .data_end = bytes->end,
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
}

/* Walks the headers and notes in the packet what it finds. */
static __always_inline void walk_frame(void *ctx, enum hook hook, struct packet *packet)
{
	struct bytes bytes = bytes_of(ctx, hook);

	if (!walk_usual(packet, &bytes)) {
		bytes = bytes_of(ctx, hook);
		gather(ctx, hook, packet->facts.frame_length, &bytes);
		walk_any(packet, &bytes);
	}
	/* What follows reads it all from the map, so that it is verified once and not for each way through the walk. */
	asm volatile("" ::: "memory");
}

/* The addresses of L2, which only rules ask for. */
static __always_inline void set_ethernet(void *ctx, enum hook hook, struct packet *packet)
{
	struct bytes bytes = bytes_of(ctx, hook);
	word32 *to = (word32 *)packet->facts.ethernet, *from = bytes.start;

	if (!(packet->facts.has & HDRLOG_HAS_ETHERNET) || bytes.start + 14 > bytes.end)
		return;
	for (int i = 0; i < 3; i++)
		to[i] = from[i];
}
