/* BPF programs only: counting a frame and copying its headers into a ring. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

enum hook { HOOK_XDP, HOOK_TC };

/* What the hook knows of a frame without looking into it. */
struct frame {
	__u32 ifindex;
	__u32 length;
	__u32 rate;
	__u16 segments;
	__u16 vlan_tci;
	__u16 vlan_tpid;
	__u8 direction;
	__u8 generation;
	__u8 link_type;
};

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

static __always_inline void count(struct hdrlog_counters *counted, const struct frame *frame, const struct walk *walk,
				  __u32 slot)
{
	counted->frames++;
	counted->bytes += frame->length;
	counted->wire_packets += frame->segments;
	if (walk->malformed && walk->malformed < HDRLOG_MALFORMED_REASONS)
		counted->malformed[walk->malformed]++;
	switch (walk->ethertype) {
	case ETHERTYPE_IPV4:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_IPV4], frame->length);
		break;
	case ETHERTYPE_IPV6:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_IPV6], frame->length);
		break;
	case ETHERTYPE_ARP:
		add(&counted->ethertypes[HDRLOG_ETHERTYPE_ARP], frame->length);
		break;
	default:
		count_rare_ethertype(counted, slot, walk->ethertype, frame->length);
	}
	if (walk->is_ip)
		add(&counted->protocols[walk->protocol], frame->length);
}

/* From here on the compiler knows nothing of the variable's value. */
#define HIDE(variable) asm volatile("" : "+r"(variable))

static __always_inline int load(void *ctx, enum hook hook, void *to, __u32 length)
{
	return hook == HOOK_XDP ? bpf_xdp_load_bytes(ctx, 0, to, length) : bpf_skb_load_bytes(ctx, 0, to, length);
}

/* A reservation must have a constant size, so there are a few; `room` bytes of headers fit into this one. */
static __always_inline int record_into(void *ctx, enum hook hook, void *ring, const struct frame *frame,
				       const struct walk *walk, __u32 captured, const __u32 room)
{
	struct hdrlog_record *to = bpf_ringbuf_reserve(ring, sizeof(*to) + room, 0);

	if (!to)
		return 0;
	*to = (struct hdrlog_record){
	    .boot_ns = bpf_ktime_get_boot_ns(),
	    .ifindex = frame->ifindex,
	    .frame_length = frame->length,
	    .rate = frame->rate,
	    .captured = captured,
	    .segments = frame->segments,
	    .vlan_tci = frame->vlan_tci,
	    .vlan_tpid = frame->vlan_tpid,
	    .direction = frame->direction,
	    .generation = frame->generation,
	    .malformed = walk->malformed,
	    .link_type = frame->link_type,
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
static __always_inline int record(void *ctx, enum hook hook, const struct frame *frame, const struct walk *walk)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 captured = walk->end; /* at most HDRLOG_MAX_CAPTURED */
	void *ring = bpf_map_lookup_elem(&rings, &cpu);

	if (!ring)
		return 0;
	if (captured <= 64)
		return record_into(ctx, hook, ring, frame, walk, captured, 64);
	if (captured <= 96)
		return record_into(ctx, hook, ring, frame, walk, captured, 96);
	return record_into(ctx, hook, ring, frame, walk, captured, HDRLOG_MAX_CAPTURED);
}
