/* BPF programs only: the exact histograms of an interface. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

/* Of a number that is not 0. The compiler makes it of shifts and a product, without a branch. */
static __always_inline __u32 log2_u32(__u32 v)
{
	return 31 - __builtin_clz(v);
}

/* By 64 below 2048, from there on by powers of two. */
static __always_inline __u32 length_bucket(__u32 length)
{
	__u32 bucket = length < 2048 ? length / 64 : 32 + log2_u32(length) - 11;

	HIDE(bucket);
	return bucket < HDRLOG_LENGTH_BUCKETS ? bucket : HDRLOG_LENGTH_BUCKETS - 1;
}

/* 0, 1, 2-3, 4-7 and so on. */
static __always_inline __u32 window_bucket(__u32 window)
{
	__u32 bucket = window ? 1 + log2_u32(window) : 0;

	HIDE(bucket);
	return bucket < HDRLOG_WINDOW_BUCKETS ? bucket : 0;
}

static __always_inline void count_histograms(struct hdrlog_histograms *to, const struct packet *packet)
{
	const struct hdrlog_facts *facts = &packet->facts;

	to->frame_length[length_bucket(facts->frame_length)]++;
	if (!packet->is_ip)
		return;
	to->ttl[facts->ttl]++;
	to->traffic_class[facts->traffic_class]++;
	if (packet->is_fragment)
		to->fragments[(facts->fragment & 0x1fff) != 0]++;
	if (!(facts->has & HDRLOG_HAS_TCP))
		return;
	to->tcp_flags[facts->tcp_flags & 0xff]++;
	to->window[window_bucket(facts->window)]++;
	if (packet->mss)
		to->mss[length_bucket(packet->mss)]++;
}
