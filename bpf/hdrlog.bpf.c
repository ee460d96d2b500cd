/* The programs: what happens to a frame at each hook. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "count.bpf.h"
#include "flow.bpf.h"
#include "hdrlog.h"
#include "histogram.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"
#include "record.bpf.h"

/* The rate that the packet's headers are kept at: 1 in so many; 0 is never. `nth` is its place in its flow. */
static __always_inline __u32 rate_of(const struct hdrlog_bank *bank, const struct packet *packet, __u64 nth)
{
	const struct hdrlog_facts *facts = &packet->facts;
	__u32 edges = TCP_SYN | TCP_FIN | TCP_RST;

	if (facts->action == HDRLOG_RULE_COUNT)
		return 0;
	if ((bank->keep & HDRLOG_KEEP_TCP_EDGES && facts->has & HDRLOG_HAS_TCP && facts->tcp_flags & edges) ||
	    (bank->keep & HDRLOG_KEEP_ICMP_ERRORS && packet->is_error) ||
	    (bank->keep & HDRLOG_KEEP_MALFORMED && facts->malformed) || (nth && nth <= bank->first_packets))
		return bank->thinning;
	__u64 rate = (__u64)bank->thinning * (facts->action == HDRLOG_RULE_SAMPLE ? facts->rate : bank->rate);
	return rate < HDRLOG_MAX_RATE ? rate : HDRLOG_MAX_RATE;
}

/* 1 in `rate`. A product instead of a remainder, which is a slow instruction; as likely to a part in 2^32 / rate. */
static __always_inline int is_chosen(__u32 rate)
{
	return rate == 1 || (rate && (__u64)bpf_get_prandom_u32() * rate >> 32 == 0);
}

/* What happens to a counted frame after the rules, which may have answered or not. */
static __always_inline void finish(void *ctx, enum hook hook, struct packet *packet, const struct hdrlog_bank *bank,
				   struct hdrlog_counts *counted)
{
	__u64 nth = 0;

	if (packet->facts.action == HDRLOG_RULE_IGNORE) {
		counted->filtered++;
		return;
	}
	if (bank->features & HDRLOG_FLOWS && packet->is_ip)
		nth = count_flow(counted, packet, packet->generation & 1, bank->flow_limit);
	__u32 rate = rate_of(bank, packet, nth);
	if (!is_chosen(rate)) {
		counted->counted++;
		return;
	}
	counted->sampled++;
	if (!record(ctx, hook, packet, rate))
		counted->ring_lost++;
}

static __always_inline const struct hdrlog_bank *bank_of(__u32 generation)
{
	return &control.banks[generation & 1];
}

/* Where rules tail-call to: the packet is as log_frame() left it. */
static __always_inline void finish_after_rules(void *ctx, enum hook hook)
{
	__u32 zero = 0;
	struct packet *packet = bpf_map_lookup_elem(&packets, &zero);
	struct hdrlog_counters *counted = packet ? bpf_map_lookup_elem(&counters, &packet->slot) : NULL;

	if (counted)
		finish(ctx, hook, packet, bank_of(packet->generation), &counted->counts);
}

/* The frame that this CPU is at, for the hook to say what it knows. */
static __always_inline struct packet *begin(__u32 ifindex, __u32 length, enum hdrlog_direction direction)
{
	__u32 zero = 0;
	struct packet *packet = bpf_map_lookup_elem(&packets, &zero);

	if (!packet)
		return NULL;
	packet->facts.ifindex = ifindex;
	packet->facts.frame_length = length;
	packet->facts.direction = direction;
	packet->segments = 1;
	packet->vlan_tci = 0;
	packet->vlan_tpid = 0;
	return packet;
}

/* Counts a frame, asks the rules, and if it is chosen, puts its headers into the ring of this CPU. */
static __always_inline void log_frame(void *ctx, enum hook hook, struct packet *packet)
{
	const struct hdrlog_port *port = &ports[packet->facts.ifindex % HDRLOG_PORTS];

	if (port->ifindex != packet->facts.ifindex)
		return;
	/* Read once: counters, settings and record belong to the same generation. */
	__u64 generation = *(volatile __u64 *)&control.generation;
	__u32 bank = generation & 1, slot = port->slot + packet->facts.direction + bank * bank_stride;
	struct hdrlog_counters *counted = bpf_map_lookup_elem(&counters, &slot);
	if (!counted)
		return;
	packet->slot = slot;
	packet->generation = generation;
	packet->link_type = port->link_type;
	walk_frame(ctx, hook, packet);
	count(&counted->counts, packet);

	const struct hdrlog_bank *set = bank_of(bank);
	if (set->features & HDRLOG_HISTOGRAMS)
		count_histograms(&counted->histograms, packet);
	if (set->features & HDRLOG_RULES) {
		set_ethernet(ctx, hook, packet);
		bpf_tail_call(ctx, hook == HOOK_XDP ? (void *)&xdp_rules : (void *)&tc_rules, bank);
	}
	finish(ctx, hook, packet, set, &counted->counts);
}

/* The VLAN tag that the hardware took off. Only a program that is bound to its interface may ask the driver for it, so
 * as it stands here this does nothing, and the verifier removes it. User space makes copies of the program that do, by
 * changing two instructions: the number, and the call, which is none of the kernel's.
 */
static __always_inline void ask_for_tag(struct xdp_md *ctx, struct packet *packet)
{
	int (*rx_vlan_tag)(struct xdp_md *, __be16 *, __u16 *) = (void *)HDRLOG_TAG_CALL;
	struct {
		__be16 tpid;
		__u16 tci;
	} tag = {};
	__u64 asks;

	asm volatile("%0 = %1" : "=r"(asks) : "i"(HDRLOG_ASKS_NOT));
	if (asks == HDRLOG_ASKS_NOT || rx_vlan_tag(ctx, &tag.tpid, &tag.tci))
		return;
	packet->vlan_tci = tag.tci;
	packet->vlan_tpid = bpf_ntohs(tag.tpid);
}

/* Bytes of the whole frame. The helper costs as much as all of counting, and is needed for frames in several pieces
 * only; that a frame has them is a flag in struct xdp_buff. Where the kernel says where (BTF), user space changes three
 * instructions to look there: the number, the call of bpf_cast_to_kern_ctx(), which is none of the kernel's as it
 * stands, and the offset. As it stands here the helper is asked, and the verifier removes the rest.
 */
static __always_inline __u32 length_of(struct xdp_md *ctx)
{
	const void *(*kernel_context)(struct xdp_md *) = (void *)HDRLOG_CAST_CALL;
	const __u32 has_pieces = 1; /* XDP_FLAGS_HAS_FRAGS */
	__u64 looks;

	asm volatile("%0 = %1" : "=r"(looks) : "i"(HDRLOG_LOOKS_NOT));
	if (looks != HDRLOG_LOOKS_NOT) {
		const __u32 *flags = kernel_context(ctx);

		asm volatile("%0 += %1" : "+r"(flags) : "i"(HDRLOG_FLAGS_OFFSET));
		if (!(*flags & has_pieces))
			return ctx->data_end - ctx->data;
	}
	return bpf_xdp_get_buff_len(ctx);
}

SEC("xdp.frags")
int hdrlog_xdp(struct xdp_md *ctx)
{
	struct packet *packet = begin(ctx->ingress_ifindex, length_of(ctx), HDRLOG_INGRESS);

	if (!packet)
		return XDP_PASS;
	ask_for_tag(ctx, packet);
	log_frame(ctx, HOOK_XDP, packet);
	return XDP_PASS;
}

SEC("xdp.frags")
int hdrlog_xdp_finish(struct xdp_md *ctx)
{
	finish_after_rules(ctx, HOOK_XDP);
	return XDP_PASS;
}

static __always_inline int log_skb(struct __sk_buff *skb, enum hdrlog_direction direction)
{
	struct packet *packet = begin(skb->ifindex, skb->len, direction);

	if (!packet)
		return TC_ACT_UNSPEC;
	if (skb->gso_segs > 1)
		packet->segments = skb->gso_segs;
	if (skb->vlan_present) {
		packet->vlan_tci = skb->vlan_tci;
		packet->vlan_tpid = bpf_ntohs(skb->vlan_proto);
	}
	log_frame(skb, HOOK_TC, packet);
	return TC_ACT_UNSPEC; /* other filters have their turn */
}

SEC("tc")
int hdrlog_ingress(struct __sk_buff *skb)
{
	return log_skb(skb, HDRLOG_INGRESS);
}

SEC("tc")
int hdrlog_egress(struct __sk_buff *skb)
{
	return log_skb(skb, HDRLOG_EGRESS);
}

SEC("tc")
int hdrlog_tc_finish(struct __sk_buff *skb)
{
	finish_after_rules(skb, HOOK_TC);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
