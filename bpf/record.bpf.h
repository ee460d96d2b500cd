/* BPF programs only: copying a frame's headers into the ring of this CPU.
 *
 * The ring is memory of our own and has one writer: the hooks run with bottom halves disabled, so no other hook begins
 * on this CPU meanwhile. So nothing is locked or reserved, which is most of what a BPF ring buffer costs, and nothing
 * is woken but a reader that found the rings empty for a while.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "gather.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

/* What was written before is seen by whoever sees what is written behind. x86 keeps the order of stores by itself; an
 * exchange is a full barrier everywhere.
 */
static __always_inline void publish(__u64 *to, __u64 value)
{
#ifdef HDRLOG_STORES_IN_ORDER
	asm volatile("" ::: "memory");
	*(volatile __u64 *)to = value;
#else
	__sync_lock_test_and_set(to, value);
#endif
}

/* Copies whole words in place of `length` bytes. Returns 0 when there are not so many to be read. */
static __always_inline int copy_words(void *to, const struct bytes *from, const __u32 words)
{
	if (from->start + 8 * words > from->end)
		return 0;
	for (__u32 i = 0; i < words; i++)
		((word64 *)to)[i] = ((const word64 *)from->start)[i];
	return 1;
}

/* Copies exactly `length` bytes, which is even. Returns 0 when there are not so many to be read. */
static __always_inline int copy_exactly(void *to, const struct bytes *from, const __u32 length)
{
	const __u32 words = length / 8;

	if (from->start + length > from->end || !copy_words(to, from, words))
		return 0;
	if (length & 4)
		*(word32 *)(to + 8 * words) = *(const word32 *)(from->start + 8 * words);
	if (length & 2)
		*(word16 *)(to + length - 2) = *(const word16 *)(from->start + length - 2);
	return 1;
}

/* The usual lengths: UDP and TCP without options; TCP with timestamps, over IPv6, both, a SYN. Of a segment that is to
 * be cut by the card, or was put together by it, no byte behind the headers can be read.
 */
static __always_inline int copy_usual(void *to, const struct bytes *from, __u32 length)
{
	if (length <= 48)
		return copy_words(to, from, 6);
	if (length <= 56)
		return copy_words(to, from, 7);
	if (length <= 72)
		return copy_words(to, from, 9) || (length == 66 && copy_exactly(to, from, 66));
	if (length <= 96)
		return copy_words(to, from, 12) || (length == 86 && copy_exactly(to, from, 86));
	return 0;
}

#define RECORD_MAX ((int)sizeof(struct hdrlog_longest_record))

/* Where the next record begins: not so near the end of a piece that one could be cut off. */
static __always_inline __u64 next_record(__u64 produced)
{
	__u64 last = HDRLOG_RING_PIECE - RECORD_MAX;

	return produced % HDRLOG_RING_PIECE > last ? (produced | (HDRLOG_RING_PIECE - 1)) + 1 : produced;
}

/* The place of a record in the ring, or NULL when it is full. */
static __always_inline struct hdrlog_record *place_of(struct hdrlog_ring *ring, __u32 cpu, __u64 at)
{
	__u64 size = (__u64)ring_pieces * HDRLOG_RING_PIECE;

	if (at + RECORD_MAX - *(volatile __u64 *)&ring->consumed > size)
		return NULL;
	__u32 index = cpu * ring_pieces + (at / HDRLOG_RING_PIECE & (ring_pieces - 1));
	union hdrlog_ring_piece *piece = bpf_map_lookup_elem(&ring_bytes, &index);
	__u32 offset = at % HDRLOG_RING_PIECE;
	HIDE(offset);
	if (!piece || offset > HDRLOG_RING_PIECE - RECORD_MAX)
		return NULL;
	return (void *)piece->bytes + offset;
}

/* No barrier between the record and a look at `asleep`: the reader looks once more after it has said so, and only a
 * pause later goes to sleep.
 */
static __always_inline void wake(struct hdrlog_ring *ring)
{
	__u64 nothing = 0;

	if (!*(volatile __u64 *)&ring->asleep)
		return;
	ring->asleep = 0;
	bpf_ringbuf_output(&doorbell, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

/* Returns 0 when the ring has no room. */
static __always_inline int record(void *ctx, enum hook hook, const struct packet *packet, __u32 rate)
{
	struct bytes bytes = bytes_of(ctx, hook);
	__u32 cpu = bpf_get_smp_processor_id();
	struct hdrlog_ring *ring = bpf_map_lookup_elem(&rings, &cpu);

	if (!ring)
		return 0;
	__u64 at = next_record(ring->produced);
	struct hdrlog_record *to = place_of(ring, cpu, at);
	__u32 captured = packet->end; /* at most HDRLOG_MAX_CAPTURED */
	if (!to)
		return 0;
	if (!copy_usual(to + 1, &bytes, captured) && !copy_any(to + 1, ctx, hook, captured))
		captured = 0;
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
	publish(&ring->produced, at + sizeof(*to) + ((captured + 7) & ~7U));
	wake(ring);
	return 1;
}
