/* BPF programs only: the exact flow tables. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"

static __always_inline void add_to_flow(struct hdrlog_flow_value *flow, const struct packet *packet, __u64 now)
{
	const struct hdrlog_facts *facts = &packet->facts;

	flow->frames++;
	flow->wire_packets += packet->segments;
	flow->bytes += facts->frame_length;
	flow->last = now;
	if (facts->has & HDRLOG_HAS_TCP)
		flow->tcp_flags |= facts->tcp_flags;
	if (facts->ttl < flow->min_ttl)
		flow->min_ttl = facts->ttl;
	if (facts->ttl > flow->max_ttl)
		flow->max_ttl = facts->ttl;
}

/* A new flow, while the tables of all CPUs have room. Returns it, or NULL. */
static __always_inline struct hdrlog_flow_value *insert_flow(void *table, const struct hdrlog_flow_key *key, __u32 bank,
							     __u32 limit, __u64 now)
{
	struct hdrlog_flow_usage *usage = bpf_map_lookup_elem(&flow_usage, &bank);
	struct hdrlog_flow_value none = {.first = now, .min_ttl = 255};

	if (!usage || usage->entries >= limit || bpf_map_update_elem(table, key, &none, BPF_NOEXIST))
		return NULL;
	__sync_fetch_and_add(&usage->entries, 1);
	return bpf_map_lookup_elem(table, key);
}

/* Counts an IP packet in its flow. Returns the flow's frames so far, this one included; 0: it found no room. */
static __always_inline __u64 count_flow(struct hdrlog_counters *counted, const struct packet *packet, __u32 bank,
					__u32 limit)
{
	const struct hdrlog_flow_key *key = (const void *)&packet->facts;
	__u32 place = bank * processors + bpf_get_smp_processor_id();
	void *table = bpf_map_lookup_elem(&flows, &place);
	struct hdrlog_flow_value *flow = table ? bpf_map_lookup_elem(table, key) : NULL;
	__u64 now = bpf_ktime_get_coarse_ns();

	counted->keyed++;
	if (table && !flow)
		flow = insert_flow(table, key, bank, limit, now);
	if (!flow) {
		counted->untracked++;
		return 0;
	}
	add_to_flow(flow, packet, now);
	return flow->frames;
}
