/* BPF programs only: where the walk over a frame's headers stands, and the steps that all its layers take.
 * See parse.bpf.h for the rules.
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

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04

/* From here on the compiler knows nothing of the variable's value. */
#define HIDE(variable) asm volatile("" : "+r"(variable))

#define NO_HEADER (~0U) /* instead of an offset: no further header follows */

enum hook { HOOK_XDP, HOOK_TC };

/* The frame's bytes that can be read in place. */
struct bytes {
	void *start, *end;
};

/* Read anew from the context each time: of pointers that it read before, the verifier remembers how far they were
 * compared, and would follow each way on from there by itself.
 */
static __always_inline struct bytes bytes_of(void *ctx, enum hook hook)
{
	const struct xdp_md *frame = ctx;
	const struct __sk_buff *skb = ctx;

	asm volatile("" ::: "memory");
	if (hook == HOOK_XDP)
		return (struct bytes){(void *)(long)frame->data, (void *)(long)frame->data_end};
	return (struct bytes){(void *)(long)skb->data, (void *)(long)skb->data_end};
}

struct walk {
	void *data, *data_end;
	struct packet *packet; /* its facts are filled on the way */
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
	__u64 place = offset;

	HIDE(place); /* so that what is compared is what is added, as 6.1 needs to see it */
	if (place > HDRLOG_MAX_CAPTURED - length)
		return NULL;
	void *p = w->data + place;
	return p + length <= w->data_end ? p : NULL;
}

/* All ones if a < b, else 0; both below 2^31. Without a branch, of which the verifier would follow both sides. */
static __always_inline __u32 is_less(__u32 a, __u32 b)
{
	__s32 mask = (__s32)(a - b) >> 31;

	HIDE(mask); /* or the compiler makes a branch of it */
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

/* Unaligned, as the kernel lets us on every machine that we build for. */
typedef __u16 __attribute__((may_alias)) word16;
typedef __u32 __attribute__((may_alias)) word32;
typedef __u64 __attribute__((may_alias)) word64;

static __always_inline __u16 word(const __u8 *p)
{
	return bpf_ntohs(*(const word16 *)p);
}

static __always_inline void put_ipv4_addresses(struct hdrlog_facts *facts, const __u8 *source, const __u8 *destination)
{
	word64 *from = (word64 *)facts->source, *to = (word64 *)facts->destination;

	from[0] = *(const word32 *)source;
	from[1] = 0;
	to[0] = *(const word32 *)destination;
	to[1] = 0;
}

/* Both lie one behind the other. */
static __always_inline void put_ipv6_addresses(struct hdrlog_facts *facts, const __u8 *addresses)
{
	word64 *to = (word64 *)facts->source;

	for (int i = 0; i < 4; i++) /* the destination lies behind the source there, too */
		to[i] = ((const word64 *)addresses)[i];
}

static __always_inline void set_ports(struct hdrlog_facts *facts, const __u8 *header)
{
	facts->source_port = word(header);
	facts->destination_port = word(header + 2);
	facts->has |= HDRLOG_HAS_PORTS;
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
