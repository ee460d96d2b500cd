/* BPF programs only: headers that do not lie in the first piece of a frame. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "include/hdrlog.h"
#include "maps.bpf.h"
#include "walk.bpf.h"

/* Any length and place, by the kernel's help. Returns 0 when the bytes are not there. */
static __always_inline int copy_any(void *to, void *ctx, enum hook hook, __u32 captured)
{
	/* The compiler knows that `captured` fits and would drop or merge the tests that the verifier needs to see:
	 * one for each bound, signed, since 6.1 learns nothing from "is not 0". */
	__s64 length = captured;

	HIDE(length);
	if (length <= 0)
		return 0;
	HIDE(length);
	if (length > HDRLOG_MAX_CAPTURED)
		return 0;
	return !(hook == HOOK_XDP ? bpf_xdp_load_bytes(ctx, 0, to, length) : bpf_skb_load_bytes(ctx, 0, to, length));
}

/* Has the headers walked in a copy if some may lie in fragments. The frame stays as it is: a tc program that pulls them
 * into the first piece would make the kernel copy what it need not, and keep TCP from merging the segments.
 */
static __always_inline void gather(void *ctx, enum hook hook, __u32 length, struct bytes *bytes)
{
	__u32 zero = 0, wanted = min_u32(length, HDRLOG_MAX_CAPTURED);

	if (bytes->end - bytes->start >= wanted)
		return;
	void *copy = bpf_map_lookup_elem(&copies, &zero);
	if (!copy || !copy_any(copy, ctx, hook, wanted))
		return;
	*bytes = (struct bytes){copy, copy + (wanted & (2 * HDRLOG_MAX_CAPTURED - 1))}; /* a bound for the verifier */
}
