/* BPF programs only: counting a frame and copying its headers into a ring. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

enum hook { HOOK_XDP, HOOK_TC };

static __always_inline void add(struct hdrlog_tally *tally, __u32 bytes)
{
	tally->frames++;
	tally->bytes += bytes;
}

/* EtherTypes without a place of their own; the map is per CPU, so an insert that fails counts as OTHER. */
static __always_inline void count_rare_ethertype(struct hdrlog_counters *counted, __u32 slot, __u16 type, __u32 bytes)
{
	struct hdrlog_ethertype_key key = {.slot = slot, .ethertype = type};
	struct hdrlog_tally *tally = bpf_map_lookup_elem(&ethertypes, &key);

	if (!tally) {
		struct hdrlog_tally none = {};
		bpf_map_update_elem(&ethertypes, &key, &none, BPF_NOEXIST);
		tally = bpf_map_lookup_elem(&ethertypes, &key);
	}
	add(tally ? tally : &counted->ethertypes[HDRLOG_ETHERTYPE_OTHER], bytes);
}

static __always_inline void count(struct hdrlog_counters *counted, const struct packet *packet)
{
	const struct hdrlog_facts *facts = &packet->facts;
	__u32 bytes = facts->frame_length;

	counted->frames++;
	counted->bytes += bytes;
	counted->wire_packets += packet->segments;
	if (facts->malformed && facts->malformed < HDRLOG_MALFORMED_REASONS)
		counted->malformed[facts->malformed]++;
	switch (facts->ethertype) {
	case ETHERTYPE_IPV4:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_IPV4], bytes);
		break;
	case ETHERTYPE_IPV6:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_IPV6], bytes);
		break;
	case ETHERTYPE_ARP:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_ARP], bytes);
		break;
	default:
		count_rare_ethertype(counted, packet->slot, facts->ethertype, bytes);
	}
	if (packet->is_ip)
		add(&counted->protocols[facts->protocol], bytes);
}

static __always_inline int load(void *ctx, enum hook hook, void *to, __u32 length)
{
	return hook == HOOK_XDP ? bpf_xdp_load_bytes(ctx, 0, to, length) : bpf_skb_load_bytes(ctx, 0, to, length);
}

/* A reservation must have a constant size, so there are a few; `room` bytes of headers fit into this one. */
static __always_inline int record_into(void *ctx, enum hook hook, void *ring, const struct packet *packet, __u32 rate,
				       __u32 captured, const __u32 room)
{
	struct hdrlog_record *to = bpf_ringbuf_reserve(ring, sizeof(*to) + room, 0);

	if (!to)
		return 0;
	*to = (struct hdrlog_record){
	    .boot_ns = bpf_ktime_get_boot_ns(),
	    .ifindex = packet->facts.ifindex,
	    .frame_length = packet->facts.frame_length,
	    .rate = rate,
	    .captured = captured,
	    .segments = packet->segments,
	    .vlan_tci = packet->vlan_tci,
	    .vlan_tpid = packet->vlan_tpid,
	    .direction = packet->facts.direction,
	    .generation = packet->generation,
	    .malformed = packet->facts.malformed,
	    .link_type = packet->link_type,
	};
	/* The compiler knows that `captured` fits and would drop or merge the tests that the verifier needs to see:
	 * one for each bound, signed, since 6.1 learns nothing from "is not 0". */
	__s64 length = captured;
	HIDE(length);
	if (length > 0) {
		HIDE(length);
		if (length <= room && load(ctx, hook, to + 1, length))
			to->captured = 0;
	}
	/* The reader looks by itself every few milliseconds; waking it would cost fifty times the record. */
	bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
	return 1;
}

/* Returns 0 when the ring has no room. */
static __always_inline int record(void *ctx, enum hook hook, const struct packet *packet, __u32 rate)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 captured = packet->end; /* at most HDRLOG_MAX_CAPTURED */
	void *ring = bpf_map_lookup_elem(&rings, &cpu);

	if (!ring)
		return 0;
	if (captured <= 64)
		return record_into(ctx, hook, ring, packet, rate, captured, 64);
	if (captured <= 96)
		return record_into(ctx, hook, ring, packet, rate, captured, 96);
	return record_into(ctx, hook, ring, packet, rate, captured, HDRLOG_MAX_CAPTURED);
}
