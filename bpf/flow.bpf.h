/* BPF programs only: the exact flow tables.
 *
 * One table for all CPUs: an array of entries that are taken from the front, and heads of chains to find them by.
 * The CPU is part of the key, so an entry has one writer and needs no atomics; only taking an entry and putting it at
 * the head of its chain do. Nothing is ever removed: user space empties a bank while no program uses it.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

/* With as many heads as entries, one chain in 10^14 is longer. */
#define FLOW_CHAIN 16
/* Other CPUs that put their new entry into the same chain at the same moment. */
#define FLOW_RACES 4

typedef __u64 flow_words[sizeof(struct hdrlog_flow_key) / 8] __attribute__((may_alias));

/* Multiply-shift hashing (Dietzfelbinger et al.): with secret odd factors, nobody can make chains long. */
static __always_inline __u32 *find_head(const flow_words *key, __u32 bank)
{
	__u64 sum = 0;

	for (int i = 0; i < 6; i++)
		sum += (*key)[i] * flow_factors[i];
	__u32 hash = sum >> 32 >> flow_hash_shift, line = hash / FLOW_HEADS + bank * flow_lines;
	struct flow_heads *heads = bpf_map_lookup_elem(&flow_heads, &line);
	return heads ? &heads->first[hash % FLOW_HEADS] : NULL;
}

/* `number` counts a bank's entries from 1, as chains do. */
static __always_inline struct hdrlog_flow *flow_at(__u32 number, __u32 bank)
{
	__u32 index = number - 1 + bank * flow_entries;

	return bpf_map_lookup_elem(&flows, &index);
}

static __always_inline int is_same(const struct hdrlog_flow *flow, const flow_words *key)
{
	const flow_words *other = (const flow_words *)&flow->key;
	__u64 difference = 0;

	for (int i = 0; i < 6; i++)
		difference |= (*key)[i] ^ (*other)[i];
	return difference == 0;
}

/* Puts an entry at the head of a chain. Returns 0 when other CPUs were faster every time. */
static __always_inline int link_flow(__u32 *head, struct hdrlog_flow *flow, __u32 number)
{
	for (int i = 0; i < FLOW_RACES; i++) {
		__u32 next = *(volatile __u32 *)head;
		flow->value.next = next;
		if (__sync_val_compare_and_swap(head, next, number) == next)
			return 1;
	}
	return 0;
}

/* A new flow, while there is room. Returns it, or NULL. */
static __always_inline struct hdrlog_flow *insert_flow(__u32 *head, const flow_words *key, __u32 bank, __u32 limit,
						       __u64 now)
{
	struct hdrlog_flow_usage *usage = bpf_map_lookup_elem(&flow_usage, &bank);

	if (!usage || *(volatile __u64 *)&usage->entries >= limit)
		return NULL;
	__u32 number = __sync_fetch_and_add(&usage->entries, 1) + 1;
	struct hdrlog_flow *flow = number <= limit ? flow_at(number, bank) : NULL;
	if (!flow)
		return NULL;
	flow_words *to = (flow_words *)&flow->key;
	for (int i = 0; i < 6; i++)
		(*to)[i] = (*key)[i];
	flow->value = (struct hdrlog_flow_value){.first = now, .min_ttl = 255};
	return link_flow(head, flow, number) ? flow : NULL;
}

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

/* The packet's entry, made if there is none and there is room; or NULL. */
static __always_inline struct hdrlog_flow *find_flow(const flow_words *key, __u32 bank, __u32 limit, __u64 now)
{
	__u32 *head = find_head(key, bank);

	if (!head)
		return NULL;
	__u32 number = *(volatile __u32 *)head;
	for (int i = 0; i < FLOW_CHAIN; i++) {
		if (!number)
			return insert_flow(head, key, bank, limit, now);
		struct hdrlog_flow *flow = flow_at(number, bank);
		if (!flow || is_same(flow, key))
			return flow;
		number = flow->value.next;
	}
	return NULL;
}

/* Counts an IP packet in its flow. Returns the flow's frames so far, this one included; 0: it found no room. */
static __always_inline __u64 count_flow(struct hdrlog_counts *counted, struct packet *packet, __u32 bank, __u32 limit)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	packet->facts.cpu = bpf_get_smp_processor_id();
	struct hdrlog_flow *flow = find_flow((const flow_words *)&packet->facts, bank, limit, now);
	counted->keyed++;
	if (!flow) {
		counted->untracked++;
		return 0;
	}
	add_to_flow(&flow->value, packet, now);
	return flow->value.frames;
}
